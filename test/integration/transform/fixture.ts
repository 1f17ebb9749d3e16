import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf, rowsOf } from '../../../engine/rows/cells.js';
import { batchRows, type ColumnBatch } from '../../../engine/rows/column-batch.js';
import { parsePgType } from '../../../engine/rows/pg-types.js';
import type { Cell, Column } from '../../../engine/rows/types.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { transformedPrefix } from '../../../engine/storage/keys.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { readParts } from '../../../engine/transform/part-reader.js';
import {
  createPartWriter,
  type PartWriter,
  type PartWriterOptions,
} from '../../../engine/transform/part-writer.js';

export type Row = readonly Cell[];

type WriterOptions = Partial<PartWriterOptions>;

/** A DuckDB, a bucket and a scratch directory for one test file. */
export interface Fixture {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly directory: string;
  /** Writes rows as raw parts and gives their manifest. */
  write(columns: readonly Column[], rows: readonly Row[], options?: WriterOptions): Promise<Manifest>;
  /** A writer of raw parts under a prefix of its own. */
  open(columns: readonly Column[], options?: WriterOptions): PartWriter;
  /** All rows of a manifest, read back. */
  read(manifest: Pick<Manifest, 'parts' | 'columns'>, reading?: DuckDb): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'transform-'));
  const spillDirectory = join(directory, 'spill');
  const duckdb = await openDuckDb({ memoryLimit: '256MB', threads: 2, spillDirectory });
  const bucket = createFileBucket(join(directory, 'bucket'));
  const { signal } = new AbortController();
  const defaults = { duckdb, bucket, partRows: 100_000, spillDirectory, signal };
  const open = (columns: readonly Column[], options: WriterOptions = {}) =>
    createPartWriter({ ...defaults, prefix: somePrefix(), attempt: randomUUID(), columns, ...options });
  return {
    duckdb,
    bucket,
    directory,
    open,
    write: async (columns, rows, options) => {
      const attempt = randomUUID();
      const writer = open(columns, { attempt, ...options });
      for (const batch of batchesOf(columns, rows)) await writer.write(batch);
      return { version: 1, fingerprint: 'f', attempt, columns, ...(await writer.finish()) };
    },
    read: async (manifest, reading = duckdb) => {
      const rows: Row[] = [];
      const parts = { ...manifest } as Manifest;
      const { columns } = manifest;
      const options = {
        duckdb: reading,
        bucket,
        manifest: parts,
        columns,
        scratch: join(directory, 'down'),
        signal,
      };
      for await (const batch of readParts(options)) {
        rows.push(...rowsOf(columns, batch));
      }
      return rows;
    },
    close: async () => {
      duckdb.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function somePrefix() {
  return transformedPrefix({
    category: randomUUID(),
    target: 't',
    server: 's',
    database: 'd',
    window: 'all',
  });
}

/** The rows in full batches and a last one. */
export function batchesOf(columns: readonly Column[], rows: readonly Row[]): readonly ColumnBatch[] {
  const batches = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, index) => index * batchRows);
  return batches.map((from) => batchOf(columns, rows.slice(from, from + batchRows)));
}

/** `{ a: 'integer', b: 'numeric(11,3)' }` as columns. */
export function columnsOf(declared: Readonly<Record<string, string>>): readonly Column[] {
  return Object.entries(declared).map(([name, type]) => ({ name, type: parsePgType(type), nullable: true }));
}

/** Rows in an order of their own, for comparing sets. */
export function sorted(rows: readonly Row[]): readonly string[] {
  return rows
    .map((row) => JSON.stringify(row, (_, cell) => (typeof cell === 'bigint' ? `${cell}n` : cell)))
    .sort();
}
