import type { Column, RowBatch } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import type { Manifest } from '../storage/manifest.js';
import type { DuckDb } from './duckdb.js';

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

export declare function readParts(options: PartReaderOptions): AsyncIterable<RowBatch>;
