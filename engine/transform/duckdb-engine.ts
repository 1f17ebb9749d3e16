import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyChecksum } from '../validation/set-checksum.js';
import { bindTransform } from './check-transform.js';
import { type DuckDb, type DuckDbSession, makeScratch } from './duckdb.js';
import type {
  TransformEngine,
  TransformOutcome,
  TransformRequest,
  TransformSource,
  WholeTransformEngine,
} from './engine.js';
import { checkHops } from './hop-checks.js';
import { checkCollation } from './join-checks.js';
import { transformSql } from './join-sql.js';
import { checksumOfParquet } from './parquet-file.js';
import { castTo, download, type PartFile, upload, writeParts } from './part-files.js';
import { type ProgressMeter, startProgress } from './progress.js';
import { createSourceView } from './source-views.js';
import { transformWhole } from './whole.js';

export interface DuckDbEngineOptions {
  readonly duckdb: DuckDb;
  /** Downloads and part files rest here while a window is transformed. */
  readonly scratchDirectory: string;
}

/** The transform on the embedded DuckDB: bounded by its memory limit, spilling beyond. */
export function createDuckDbEngine(options: DuckDbEngineOptions): TransformEngine & WholeTransformEngine {
  return {
    transform: (request) => inScratch(options, request, transformIn),
    transformWhole: (request) => inScratch(options, request, transformWhole),
  };
}

/** Runs work with a session and a directory of its own, which go when it ends. */
async function inScratch<R extends Pick<TransformRequest, 'signal' | 'onProgress' | 'onWaiting'>, T>(
  { duckdb, scratchDirectory }: DuckDbEngineOptions,
  request: R,
  work: (session: DuckDbSession, request: R, scratch: string, progress: ProgressMeter) => Promise<T>,
): Promise<T> {
  const scratch = join(scratchDirectory, `transform-${randomUUID()}`);
  const session = await duckdb.openSession(request.signal, request.onWaiting);
  let progress: ProgressMeter | undefined;
  try {
    progress = await startProgress(session, request.onProgress);
    await makeScratch(scratch);
    return await work(session, request, scratch, progress);
  } finally {
    progress?.stop();
    session.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function transformIn(
  session: DuckDbSession,
  request: TransformRequest,
  scratch: string,
  progress: ProgressMeter,
): Promise<TransformOutcome> {
  const { sources, output, signal } = request;
  const raw: (readonly string[])[] = [];
  for (const source of sources) raw.push(await download(source, join(scratch, 'raw'), signal, progress));
  const work = { session, request, raw, directory: join(scratch, 'out') };
  const { files, ...joined } = await session.alone(() => joinAndProve(work));
  const parts = await upload(files, output, signal, progress);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { parts, bytes, ...joined };
}

interface Work {
  readonly session: DuckDbSession;
  readonly request: TransformRequest;
  /** Local files of each source. */
  readonly raw: readonly (readonly string[])[];
  /** For the part files. */
  readonly directory: string;
}

interface Joined extends Omit<TransformOutcome, 'parts' | 'bytes'> {
  readonly files: readonly PartFile[];
}

/** Writes the window's part files, and compares them with the rows that they are of. */
async function joinAndProve({ session, request, raw, directory }: Work): Promise<Joined> {
  const { target, sources, joinKeys, partRows } = request;
  for (const [index, source] of sources.entries()) await createSourceView(session, source, raw[index] ?? []);
  const tables = sources.map(({ table, manifest }) => ({ table, columns: manifest.columns }));
  const lineage = await bindTransform(session, target, tables);
  const joinMismatches = await checkCollation(session, lineage, joinKeys);
  const folded = joinKeys === 'casefold_rtrim';
  const query = `SELECT ${castTo(target.columns)} FROM (${transformSql(lineage, folded)}) AS transformed`;
  const files = await writeParts(session, query, partRows, directory);
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
  const unmatchedLeft = rowsOf(sources, left.table) - left.expected.rows;
  return { files, rows: checksum.rows, checksum, left, rights, unmatchedLeft, joinMismatches };
}

function rowsOf(sources: readonly TransformSource[], name: string): number {
  return sources.find(({ table }) => table === name)?.manifest.rows ?? 0;
}
