import type { Column, RowBatch, SetChecksum } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import type { ObjectKey } from '../storage/keys.js';
import type { Part } from '../storage/manifest.js';
import type { DuckDb } from './duckdb.js';

export interface PartWriterOptions {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly prefix: ObjectKey;
  readonly attempt: string;
  readonly columns: readonly Column[];
  /** Rows in a part file, at most. */
  readonly partRows: number;
  /** Part files rest here until they are uploaded; removed by finish and abort. */
  readonly spillDirectory: string;
  readonly signal: AbortSignal;
}

export interface WrittenParts {
  readonly parts: readonly Part[];
  readonly rows: number;
  readonly bytes: number;
  /** Over the columns, computed from the written Parquet files. */
  readonly checksum: SetChecksum;
}

export interface PartWriter {
  /** Takes a batch of any size; resolves when the next may come. One call at a time. */
  write(batch: RowBatch): Promise<void>;
  /** Writes what is left and tells what was written; no rows, no parts. */
  finish(): Promise<WrittenParts>;
  /** Gives up: frees everything local. Uploaded parts stay as leftovers of the attempt. Safe to call at any time. */
  abort(): Promise<void>;
}

export declare function createPartWriter(options: PartWriterOptions): PartWriter;
