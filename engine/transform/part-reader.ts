import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import { type ColumnBatch, clearBatch, createBatch } from '../rows/column-batch.js';
import type { Column } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import type { Manifest } from '../storage/manifest.js';
import type { DuckDb, DuckDbSession } from './duckdb.js';
import { duckdbTypeOf } from './duckdb-types.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';
import { readVector } from './vector-read.js';

export interface PartReaderOptions {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly manifest: Manifest;
  /** Columns to read, in this order; each must be in the manifest. */
  readonly columns: readonly Column[];
  /** Downloads rest here while they are read. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** The instance does not; a stream that does takes no more time or memory. */
const keepOrder = 'SET SESSION preserve_insertion_order = true';

/**
 * Streams the rows of a manifest's parts, one file and one batch in memory at a time, in the order of the files: each
 * reading gives a row the same place. A batch holds until the next is asked for. Throws STORAGE_IO when a part does
 * not hold the rows that its manifest says, VALUE_UNREPRESENTABLE (`readVector`), the bucket's errors, and the signal's
 * reason.
 */
export async function* readParts(options: PartReaderOptions): AsyncIterable<ColumnBatch> {
  const { duckdb, bucket, manifest, columns, scratch, signal } = options;
  const session = await duckdb.openSession(signal);
  try {
    await session.run(keepOrder);
    for (const part of manifest.parts) {
      const path = await bucket.localFile(part.key, scratch, signal);
      let rows = 0;
      for await (const batch of readParquet(session, path, columns)) {
        rows += batch.rows;
        yield batch;
      }
      if (rows !== part.rows) {
        throw new MigrationError(
          'STORAGE_IO',
          `Part ${part.key} holds ${rows} rows, its manifest says ${part.rows}. Restart this window.`,
        );
      }
      if (!relative(scratch, path).startsWith('..')) await rm(path);
    }
  } finally {
    session.close();
  }
}

/**
 * The rows of a Parquet file, whose columns are cast to the types of `columns`; in the order of the file if the
 * session keeps it. A batch holds until the next is asked for.
 */
export async function* readParquet(
  session: DuckDbSession,
  path: string,
  columns: readonly Column[],
): AsyncIterable<ColumnBatch> {
  const list = columns.map(({ name, type }) => `CAST(${quoteDuckdb(name)} AS ${duckdbTypeOf(type)})`);
  const select = `SELECT ${list.join(', ')} FROM read_parquet(${duckdbLiteral(path)})`;
  const result = await session.guarded((connection) => connection.stream(select));
  const batch = createBatch(columns);
  for (;;) {
    const chunk = await session.guarded(() => result.fetchChunk());
    if (!chunk || chunk.rowCount === 0) return;
    clearBatch(batch);
    batch.rows = chunk.rowCount;
    for (const [index, vector] of batch.columns.entries()) {
      readVector(bindings.data_chunk_get_vector(chunk.chunk, index), vector, batch.rows);
    }
    yield batch;
  }
}
