import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePgType } from '../../../engine/rows/type-map.js';
import type { Cell, Column } from '../../../engine/rows/types.js';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { transformedPrefix } from '../../../engine/storage/keys.js';
import type { Manifest } from '../../../engine/storage/manifest.js';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb.js';
import { readParts } from '../../../engine/transform/part-reader.js';
import { createPartWriter } from '../../../engine/transform/part-writer.js';

export type Row = readonly Cell[];

/** A DuckDB, a bucket and a scratch directory for one test file. */
export interface Fixture {
  readonly duckdb: DuckDb;
  readonly bucket: Bucket;
  readonly directory: string;
  /** Writes rows as raw parts and gives their manifest. */
  write(columns: readonly Column[], rows: readonly Row[], partRows?: number): Promise<Manifest>;
  /** All rows of a manifest, read back. */
  read(manifest: Pick<Manifest, 'parts' | 'columns'>): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'transform-'));
  const spillDirectory = join(directory, 'spill');
  const duckdb = await openDuckDb({ memoryLimit: '256MB', threads: 2, spillDirectory });
  const bucket = createFileBucket(join(directory, 'bucket'));
  const { signal } = new AbortController();
  return {
    duckdb,
    bucket,
    directory,
    write: async (columns, rows, partRows = 100_000) => {
      const attempt = randomUUID();
      const target = {
        duckdb,
        bucket,
        prefix: somePrefix(),
        attempt,
        columns,
        partRows,
        spillDirectory,
        signal,
      };
      const writer = createPartWriter(target);
      await writer.write({ rows: rows.length, columns: transpose(columns.length, rows) });
      return { version: 1, fingerprint: 'f', attempt, columns, ...(await writer.finish()) };
    },
    read: async (manifest) => {
      const rows: Row[] = [];
      const parts = { ...manifest } as Manifest;
      const { columns } = manifest;
      const options = { duckdb, bucket, manifest: parts, columns, scratch: join(directory, 'down'), signal };
      for await (const batch of readParts(options)) {
        for (let row = 0; row < batch.rows; row += 1) {
          rows.push(batch.columns.map((cells) => cells[row] as Cell));
        }
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

export function transpose(width: number, rows: readonly Row[]): Cell[][] {
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] as Cell));
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
