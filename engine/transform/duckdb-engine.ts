import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { duckdbTypeOf } from '../rows/type-map.js';
import { partKey } from '../storage/keys.js';
import type { Part } from '../storage/manifest.js';
import { emptyChecksum } from '../validation/set-checksum.js';
import { bindTransform } from './check-transform.js';
import { type DuckDb, type DuckDbSession, makeScratch } from './duckdb.js';
import type { TransformEngine, TransformOutcome, TransformRequest, TransformSource } from './engine.js';
import { checkHops } from './hop-checks.js';
import { checkCollation } from './join-checks.js';
import { transformSql } from './join-sql.js';
import { checksumOfParquet, parquetOptions } from './part-table.js';
import { type ProgressMeter, startProgress } from './progress.js';
import { createSourceView } from './source-views.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

export interface DuckDbEngineOptions {
  readonly duckdb: DuckDb;
  /** Downloads and part files rest here while a window is transformed. */
  readonly scratchDirectory: string;
}

/** The transform on the embedded DuckDB: bounded by its memory limit, spilling beyond. */
export function createDuckDbEngine({ duckdb, scratchDirectory }: DuckDbEngineOptions): TransformEngine {
  return {
    async transform(request) {
      const scratch = join(scratchDirectory, `transform-${randomUUID()}`);
      const session = await duckdb.openSession(request.signal);
      const progress = startProgress(session, request.onProgress);
      try {
        await makeScratch(scratch);
        return await transformIn(session, request, scratch, progress);
      } finally {
        progress.stop();
        session.close();
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

async function transformIn(
  session: DuckDbSession,
  request: TransformRequest,
  scratch: string,
  progress: ProgressMeter,
): Promise<TransformOutcome> {
  const { target, sources, joinKeys } = request;
  for (const source of sources) {
    const paths = await download(source, join(scratch, 'raw'), request.signal, progress);
    await createSourceView(session, source, paths);
  }
  const tables = sources.map(({ table, manifest }) => ({ table, columns: manifest.columns }));
  const lineage = await bindTransform(session, target, tables);
  const joinMismatches = await checkCollation(session, lineage, joinKeys);
  const folded = joinKeys === 'casefold_rtrim';
  const sql = transformSql(lineage, folded);
  const files = await writeParts(session, request, sql, join(scratch, 'out'));
  const output = files.map(({ path }) => path);
  const { left, rights } = await checkHops({
    session,
    lineage,
    targetColumns: target.columns,
    output,
    folded,
  });
  const checksum =
    output.length > 0 ? await checksumOfParquet(session, output, target.columns) : emptyChecksum;
  const parts = await upload(request, files, progress);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const unmatchedLeft = rowsOf(sources, left.table) - left.expected.rows;
  return { parts, rows: checksum.rows, bytes, checksum, left, rights, unmatchedLeft, joinMismatches };
}

function rowsOf(sources: readonly TransformSource[], name: string): number {
  return sources.find(({ table }) => table === name)?.manifest.rows ?? 0;
}

async function download(
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

interface PartFile {
  readonly path: string;
  readonly rows: number;
}

const maxRowGroup = 122_880;

/** Runs the transform into Parquet files; files that hold no row are left out. */
async function writeParts(
  session: DuckDbSession,
  { target, partRows }: TransformRequest,
  sql: string,
  directory: string,
): Promise<readonly PartFile[]> {
  const values = target.columns.map(({ name, type }) => {
    return `CAST(${quoteDuckdb(name)} AS ${duckdbTypeOf(type)}) AS ${quoteDuckdb(name)}`;
  });
  const rowGroup = Math.min(partRows, maxRowGroup);
  const groups = Math.max(1, Math.floor(partRows / rowGroup));
  await session.run(
    `COPY (SELECT ${values.join(', ')} FROM (${sql}) AS transformed) TO ${duckdbLiteral(directory)} ` +
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

async function upload(
  { output, signal }: TransformRequest,
  files: readonly PartFile[],
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
