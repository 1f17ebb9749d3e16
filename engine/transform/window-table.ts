import { type DuckDBAppender, DuckDBDataChunk } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import { createRowHasher } from '../rows/hash/row-hasher.js';
import type { Column, SetChecksum } from '../rows/types.js';
import { type DuckDb, type DuckDbSession, duckDbError } from './duckdb.js';
import { readParquet } from './part-reader.js';
import { digestDuckdb } from './row-digest.js';
import { columnDefinitions, duckdbLiteral, quoteDuckdb } from './sql-text.js';
import { bytesInVector, type RowRange, writeVector } from './vector-write.js';

/** One part's rows on their way to a file: a temporary table in a session of its own. */
export interface PartTable {
  readonly rows: number;
  /** That the rows take in memory, about. */
  readonly bytes: number;
  clear(): Promise<void>;
  /** Throws VALUE_UNREPRESENTABLE for text that is not UTF-8. */
  append(batch: ColumnBatch, rows: RowRange): void;
  /**
   * Brings rows of one number together, so that a selection need not look at all; none can be appended any more. One table of
   * this DuckDB after the other.
   */
  sortByNumber(): Promise<void>;
  /**
   * Writes a Parquet file with the table's rows, or some of them, and reads it back; none can be appended any more, up to
   * the next `clear`. One table of this DuckDB after the other; `begun` hears that it is this one's turn. Throws
   * CHECKSUM_EXPORT where the file does not hold them.
   */
  copyTo(path: string, options?: CopyOptions): Promise<void>;
  close(): void;
}

interface CopyOptions {
  readonly selection?: PartSelection;
  readonly begun?: () => void;
}

/** Rows in whose last column, which is an integer and left out of the file, a number stands. */
interface PartSelection {
  readonly number: number;
  /** How many there are. */
  readonly rows: number;
}

export async function openPartTable(options: {
  readonly duckdb: DuckDb;
  readonly columns: readonly Column[];
  readonly signal: AbortSignal;
  /** Hears each second that other tables come first. */
  readonly onWaiting?: () => void;
}): Promise<PartTable> {
  const { duckdb, columns, signal, onWaiting } = options;
  return new TemporaryPartTable(await duckdb.openSession(signal, onWaiting), columns);
}

/** Rows and set checksum of Parquet files over `columns`, to whose types the files' columns are cast. */
export async function checksumOfParquet(
  session: DuckDbSession,
  paths: readonly string[],
  columns: readonly Column[],
): Promise<SetChecksum> {
  const hasher = createRowHasher(columns);
  for (const path of paths) {
    for await (const batch of readParquet(session, path, columns)) hasher.add(batch);
  }
  return hasher.value();
}

interface Digest {
  readonly rows: bigint;
  readonly sum: bigint | null;
}

/** What the appender collects, outside of DuckDB's memory limit, before it goes to the table, which can spill. */
const flushBytes = 4 * 2 ** 20;

class TemporaryPartTable implements PartTable {
  rows = 0;
  bytes = 0;
  readonly #session: DuckDbSession;
  readonly #columns: readonly Column[];
  #flushed = 0;
  #appender: DuckDBAppender | undefined;
  /** Has the types of the table's columns, and is used again and again. */
  #chunk: DuckDBDataChunk | undefined;

  constructor(session: DuckDbSession, columns: readonly Column[]) {
    this.#session = session;
    this.#columns = columns;
  }

  async clear(): Promise<void> {
    await this.#session.run(`CREATE OR REPLACE TEMP TABLE part (${columnDefinitions(this.#columns)})`);
    const appender = await this.#session.guarded((connection) =>
      connection.createAppender('part', 'main', 'temp'),
    );
    this.#chunk ??= DuckDBDataChunk.create(this.#columns.map((_, index) => appender.columnType(index)));
    this.#appender = appender;
    this.rows = 0;
    this.bytes = 0;
    this.#flushed = 0;
  }

  append(batch: ColumnBatch, rows: RowRange): void {
    const appender = this.#appender;
    const chunk = this.#chunk;
    if (!appender || !chunk) throw new Error('A part table takes rows between clear and copyTo.');
    for (const [index, vector] of batch.columns.entries()) {
      const target = bindings.data_chunk_get_vector(chunk.chunk, index);
      writeVector(target, vector, rows, this.#columns[index]?.name ?? '');
      this.bytes += bytesInVector(vector, rows);
    }
    chunk.rowCount = rows.count;
    this.rows += rows.count;
    try {
      appender.appendDataChunk(chunk);
      if (this.bytes - this.#flushed >= flushBytes) {
        appender.flushSync();
        this.#flushed = this.bytes;
      }
    } catch (error) {
      throw duckDbError(error);
    }
    // Its strings would stay in memory until the next batch.
    chunk.reset();
  }

  async sortByNumber(): Promise<void> {
    await this.#seal();
    const sort = `CREATE OR REPLACE TEMP TABLE part AS SELECT * FROM part ORDER BY ${this.#lastColumn}`;
    await this.#session.alone(() => this.#session.run(sort));
  }

  async #seal(): Promise<void> {
    await this.#session.guarded(async () => this.#appender?.closeSync());
    this.#appender = undefined;
  }

  copyTo(path: string, { selection, begun }: CopyOptions = {}): Promise<void> {
    return this.#session.alone(async () => {
      begun?.();
      await this.#copy(path, selection);
    });
  }

  async #copy(path: string, selection?: PartSelection): Promise<void> {
    await this.#seal();
    const columns = selection === undefined ? this.#columns : this.#columns.slice(0, -1);
    const rows = selection?.rows ?? this.rows;
    const from = selection === undefined ? 'part' : `part WHERE ${this.#lastColumn} = ${selection.number}`;
    const list = columns.map(({ name }) => quoteDuckdb(name)).join(', ');
    await this.#session.run(
      `COPY (SELECT ${list} FROM ${from}) TO ${duckdbLiteral(path)} (${parquetOptions})`,
    );
    const inTable = await this.#digest(columns, from);
    const inFile = await this.#digest(columns, `read_parquet(${duckdbLiteral(path)})`);
    if (inTable.rows === BigInt(rows) && inFile.rows === inTable.rows && inFile.sum === inTable.sum) return;
    throw new MigrationError(
      'CHECKSUM_EXPORT',
      `A part file does not hold the rows that it was written from: ${inFile.rows} rows of ${rows}, ` +
        `digest ${inFile.sum} instead of ${inTable.sum}. Check the disk of the spill directory, then retry.`,
    );
  }

  get #lastColumn(): string {
    return quoteDuckdb(this.#columns.at(-1)?.name ?? '');
  }

  /**
   * The row hash, which the next step compares, would cost a million rows of the first founding table 0.5 CPU-s on this
   * thread, or 1.4 in DuckDB's SQL; this costs 0.1.
   */
  async #digest(columns: readonly Column[], from: string): Promise<Digest> {
    const values = columns.map(({ name, type }) => ({ value: quoteDuckdb(name), type }));
    const select = `SELECT count(*) AS "rows", ${digestDuckdb(values)} AS "sum" FROM ${from}`;
    const [digest] = await this.#session.rows<Digest>(select);
    return digest ?? { rows: 0n, sum: null };
  }

  close(): void {
    this.#appender = undefined;
    this.#session.close();
  }
}

/** Each thread that writes a file, and each that reads one, has a row group in memory: with 8 MB joins failed that fit with 4. */
export const parquetOptions = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '4MB'";
