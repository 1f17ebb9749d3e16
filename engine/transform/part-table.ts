import { type DuckDBAppender, DuckDBDataChunk } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import { checksumSelectListDuckdb } from '../rows/checksum-duckdb.js';
import type { Column, RowBatch, SetChecksum } from '../rows/types.js';
import { parseSetChecksum } from '../validation/set-checksum.js';
import { type DuckDb, type DuckDbSession, duckDbError } from './duckdb.js';
import { columnDefinitions, duckdbLiteral, duckdbTypeObject, vectorRows } from './vector-types.js';
import { type VectorWrite, vectorWrite } from './vector-write.js';

/** One part's rows on their way to a file: a temporary table in a session of its own. */
export interface PartTable {
  readonly rows: number;
  clear(): Promise<void>;
  /** `count` rows of the batch, at most `vectorRows`; `ordinal` is how errors call the first of them. */
  append(batch: RowBatch, from: number, count: number, ordinal: number): void;
  /** Writes a Parquet file, and counts and hashes what is in the file. */
  copyTo(path: string): Promise<{ readonly rows: number; readonly checksum: SetChecksum }>;
  close(): void;
}

export async function openPartTable(options: {
  readonly duckdb: DuckDb;
  readonly columns: readonly Column[];
  readonly signal: AbortSignal;
}): Promise<PartTable> {
  return new TemporaryPartTable(await options.duckdb.openSession(options.signal), options.columns);
}

/** Rows and set checksum of Parquet files over `columns`; the files have the columns' very types. */
export async function checksumOfParquet(
  session: DuckDbSession,
  paths: readonly string[],
  columns: readonly Column[],
): Promise<SetChecksum> {
  const files = paths.map(duckdbLiteral).join(', ');
  const select = `SELECT ${checksumSelectListDuckdb(columns)} FROM read_parquet([${files}])`;
  const [found] = await session.rows<{ rows: bigint; sum: bigint | null }>(select);
  return parseSetChecksum(found?.rows ?? 0, found?.sum ?? null);
}

class TemporaryPartTable implements PartTable {
  rows = 0;
  readonly #session: DuckDbSession;
  readonly #columns: readonly Column[];
  readonly #writes: readonly VectorWrite[];
  readonly #chunk: DuckDBDataChunk;
  #appender: DuckDBAppender | undefined;

  constructor(session: DuckDbSession, columns: readonly Column[]) {
    this.#session = session;
    this.#columns = columns;
    this.#writes = columns.map(vectorWrite);
    this.#chunk = DuckDBDataChunk.create(
      columns.map(({ type }) => duckdbTypeObject(type)),
      vectorRows,
    );
  }

  async clear(): Promise<void> {
    await this.#session.run(`CREATE OR REPLACE TEMP TABLE part (${columnDefinitions(this.#columns)})`);
    this.#appender = await this.#session.guarded((connection) =>
      connection.createAppender('part', 'main', 'temp'),
    );
    this.rows = 0;
  }

  append(batch: RowBatch, from: number, count: number, ordinal: number): void {
    const chunk = this.#chunk;
    chunk.reset();
    this.#writes.forEach((write, index) => {
      const vector = bindings.data_chunk_get_vector(chunk.chunk, index);
      write(vector, batch.columns[index] ?? [], from, count, ordinal);
    });
    chunk.rowCount = count;
    try {
      this.#appender?.appendDataChunk(chunk);
    } catch (error) {
      throw duckDbError(error);
    }
    this.rows += count;
  }

  async copyTo(path: string): Promise<{ rows: number; checksum: SetChecksum }> {
    await this.#session.guarded(async () => this.#appender?.closeSync());
    this.#appender = undefined;
    await this.#session.run(`COPY part TO ${duckdbLiteral(path)} (${parquetOptions})`);
    const checksum = await checksumOfParquet(this.#session, [path], this.#columns);
    return { rows: checksum.rows, checksum };
  }

  close(): void {
    this.#appender = undefined;
    this.#session.close();
  }
}

export const parquetOptions = 'FORMAT parquet, COMPRESSION zstd';
