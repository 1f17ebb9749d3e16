import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import { type ObjectKey, partKey } from '../storage/keys.js';
import type { Part } from '../storage/manifest.js';
import type { DuckDbSession } from './duckdb.js';
import { duckdbTypeOf } from './duckdb-types.js';
import type { TransformSource } from './engine.js';
import { parquetOptions } from './parquet-file.js';
import type { ProgressMeter } from './progress.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

/** A Parquet file on the local disk. */
export interface PartFile {
  readonly path: string;
  readonly rows: number;
}

/** Gives local paths of a source's parts, `directory` taking what has to be downloaded. */
export async function download(
  { manifest, bucket }: TransformSource,
  directory: string,
  signal: AbortSignal,
  progress: ProgressMeter,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const part of manifest.parts) {
    paths.push(await bucket.localFile(part.key, directory, signal));
    progress.addBytes(part.bytes);
  }
  return paths;
}

/** The columns by name, each cast to its own type. */
export function castTo(columns: readonly Column[]): string {
  return columns
    .map(({ name, type }) => `CAST(${quoteDuckdb(name)} AS ${duckdbTypeOf(type)}) AS ${quoteDuckdb(name)}`)
    .join(', ');
}

/** Of the size that `parquetOptions` gives them, or fewer rows. They are in memory one at a time, whatever their number. */
const groupsOfPart = 8;
const leastRowGroup = 2_048;

/**
 * Writes a query's rows into Parquet files of `partRows` rows or some 32 MB, about; files that hold no row are left out.
 * What is in the directory goes.
 */
export async function writeParts(
  session: DuckDbSession,
  query: string,
  partRows: number,
  directory: string,
): Promise<readonly PartFile[]> {
  const rowGroup = Math.min(partRows, Math.max(leastRowGroup, Math.ceil(partRows / groupsOfPart)));
  const groups = Math.min(groupsOfPart, Math.floor(partRows / rowGroup));
  await rm(directory, { recursive: true, force: true });
  await session.run(
    `COPY (${query}) TO ${duckdbLiteral(directory)} ` +
      `(${parquetOptions}, ROW_GROUP_SIZE ${rowGroup}, ROW_GROUPS_PER_FILE ${groups})`,
  );
  const names = (await readdir(directory)).sort().map((name) => duckdbLiteral(join(directory, name)));
  if (names.length === 0) return [];
  const found = await session.rows<{ path: string; rows: bigint }>(
    `SELECT file_name AS path, num_rows AS "rows" FROM parquet_file_metadata([${names.join(', ')}])
     WHERE num_rows > 0 ORDER BY file_name`,
  );
  return found.map(({ path, rows }) => ({ path, rows: Number(rows) }));
}

/** Puts part files under an attempt's prefix, in order. */
export async function upload(
  files: readonly PartFile[],
  output: { readonly bucket: Bucket; readonly prefix: ObjectKey; readonly attempt: string },
  signal: AbortSignal,
  progress: ProgressMeter,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const [index, { path, rows }] of files.entries()) {
    const key = partKey(output.prefix, output.attempt, index);
    const bytes = await output.bucket.putFile(key, path, signal);
    progress.addBytes(bytes);
    parts.push({ key, rows, bytes });
  }
  return parts;
}
