import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import type { DuckDBDataChunk } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import { quoteDuckdb } from '../rows/checksum-duckdb.js';
import { duckdbTypeOf } from '../rows/type-map.js';
import type { Column, RowBatch } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import type { Manifest, Part } from '../storage/manifest.js';
import type { DuckDb, DuckDbSession } from './duckdb.js';
import { type VectorRead, vectorRead } from './vector-read.js';
import { duckdbLiteral } from './vector-types.js';

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
 * Streams the rows of a manifest's parts, one file and at most 2,048 rows in memory at a time, in the order of the
 * files: each reading gives a row the same place. Throws STORAGE_IO when a part does not hold the rows that its
 * manifest says, the bucket's errors, and the signal's reason.
 */
export async function* readParts(options: PartReaderOptions): AsyncIterable<RowBatch> {
  const { duckdb, bucket, manifest, columns, scratch, signal } = options;
  const reads = columns.map(vectorRead);
  const session = await duckdb.openSession(signal);
  try {
    await session.run(keepOrder);
    for (const part of manifest.parts) {
      const path = await bucket.localFile(part.key, scratch, signal);
      yield* readFile(session, path, part, columns, reads);
      if (!relative(scratch, path).startsWith('..')) await rm(path);
    }
  } finally {
    session.close();
  }
}

async function* readFile(
  session: DuckDbSession,
  path: string,
  part: Part,
  columns: readonly Column[],
  reads: readonly VectorRead[],
): AsyncIterable<RowBatch> {
  const list = columns.map(({ name, type }) => `CAST(${quoteDuckdb(name)} AS ${duckdbTypeOf(type)})`);
  const select = `SELECT ${list.join(', ')} FROM read_parquet(${duckdbLiteral(path)})`;
  const result = await session.guarded((connection) => connection.stream(select));
  let rows = 0;
  for (;;) {
    const chunk = await session.guarded(() => result.fetchChunk());
    if (!chunk || chunk.rowCount === 0) break;
    rows += chunk.rowCount;
    yield toBatch(chunk, reads);
  }
  if (rows !== part.rows) {
    throw new MigrationError(
      'STORAGE_IO',
      `Part ${part.key} holds ${rows} rows, its manifest says ${part.rows}. Restart this window.`,
    );
  }
}

function toBatch(chunk: DuckDBDataChunk, reads: readonly VectorRead[]): RowBatch {
  const rows = chunk.rowCount;
  return {
    rows,
    columns: reads.map((read, index) => read(bindings.data_chunk_get_vector(chunk.chunk, index), rows)),
  };
}
