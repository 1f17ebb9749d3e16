import type { ColumnBatch } from '../rows/column-batch.js';
import { PackedRows, type RowRange } from '../rows/packed-rows.js';
import type { Column } from '../rows/types.js';
import type { DuckDb, DuckDbSession } from './duckdb.js';
import { digestOf, digestOfParquet, parquetOptions, requireWritten } from './parquet-file.js';
import { columnDefinitions, duckdbLiteral, quoteDuckdb } from './sql-text.js';

/** Rows of many parts on their way to their files: a temporary table in a session of its own, which may spill. */
export interface WindowTable {
  readonly rows: number;
  /** That the rows take in memory, about. */
  readonly bytes: number;
  clear(): Promise<void>;
  /** Throws VALUE_UNREPRESENTABLE for text that is not UTF-8. */
  append(batch: ColumnBatch, range: RowRange): Promise<void>;
  /**
   * Brings rows of one number together, so that a selection need not look at all; none can be appended any more, up to the
   * next `clear`. One table of this DuckDB after the other.
   */
  sortByNumber(): Promise<void>;
  /**
   * Writes a Parquet file with a part's rows, without their last column, and reads it back. One table of this DuckDB after the
   * other. Throws CHECKSUM_EXPORT where the file does not hold them.
   */
  copyTo(path: string, part: NumberedPart): Promise<void>;
  close(): void;
}

/** Rows in whose last column, which is an integer, a number stands. */
interface NumberedPart {
  readonly number: number;
  /** How many there are. */
  readonly rows: number;
}

export async function openWindowTable(options: {
  readonly duckdb: DuckDb;
  readonly columns: readonly Column[];
  readonly signal: AbortSignal;
  /** Hears each second that other tables come first. */
  readonly onWaiting?: () => void;
}): Promise<WindowTable> {
  const { duckdb, columns, signal, onWaiting } = options;
  return new TemporaryTable(await duckdb.openSession(signal, onWaiting), columns);
}

/** What is collected, outside of DuckDB's memory limit, before it goes to the table, which can spill. */
const collectedBytes = 4 * 2 ** 20;

class TemporaryTable implements WindowTable {
  readonly #session: DuckDbSession;
  readonly #columns: readonly Column[];
  readonly #collected: PackedRows;
  #inTable = { rows: 0, bytes: 0 };

  constructor(session: DuckDbSession, columns: readonly Column[]) {
    this.#session = session;
    this.#columns = columns;
    this.#collected = new PackedRows(columns);
  }

  get rows(): number {
    return this.#inTable.rows + this.#collected.rows;
  }

  get bytes(): number {
    return this.#inTable.bytes + this.#collected.bytes;
  }

  async clear(): Promise<void> {
    await this.#session.run(`CREATE OR REPLACE TEMP TABLE part (${columnDefinitions(this.#columns)})`);
    this.#collected.clear();
    this.#inTable = { rows: 0, bytes: 0 };
  }

  async append(batch: ColumnBatch, range: RowRange): Promise<void> {
    this.#collected.append(batch, range);
    if (this.#collected.bytes >= collectedBytes) await this.#insert();
  }

  async #insert(): Promise<void> {
    const { rows, bytes } = this;
    if (this.#collected.rows === 0) return;
    const fed = this.#session.feed(this.#collected);
    try {
      await this.#session.run(`INSERT INTO part SELECT * FROM ${fed.table}`);
    } catch (error) {
      throw fed.failure ?? error;
    } finally {
      fed.close();
    }
    this.#collected.clear();
    this.#inTable = { rows, bytes };
  }

  async sortByNumber(): Promise<void> {
    await this.#insert();
    const sort = `CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM part ORDER BY ${this.#number}`;
    await this.#session.alone(() => this.#session.run(sort));
  }

  async copyTo(path: string, { number, rows }: NumberedPart): Promise<void> {
    await this.#insert();
    const columns = this.#columns.slice(0, -1);
    const from = `part WHERE ${this.#number} = ${number}`;
    const list = columns.map(({ name }) => quoteDuckdb(name)).join(', ');
    await this.#session.alone(async () => {
      await this.#session.run(
        `COPY (SELECT ${list} FROM ${from}) TO ${duckdbLiteral(path)} (${parquetOptions})`,
      );
      const inTable = await digestOf(this.#session, from, columns);
      requireWritten(rows, inTable, await digestOfParquet(this.#session, path, columns));
    });
  }

  get #number(): string {
    return quoteDuckdb(this.#columns.at(-1)?.name ?? '');
  }

  close(): void {
    this.#collected.clear();
    this.#session.close();
  }
}
