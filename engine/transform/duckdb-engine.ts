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
import type { Lineage } from './lineage.js';
import { castTo, download, type PartFile, upload, writeParts } from './part-files.js';
import { checksumOfParquet } from './part-table.js';
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
async function inScratch<R extends Pick<TransformRequest, 'signal' | 'onProgress'>, T>(
  { duckdb, scratchDirectory }: DuckDbEngineOptions,
  request: R,
  work: (session: DuckDbSession, request: R, scratch: string, progress: ProgressMeter) => Promise<T>,
): Promise<T> {
  const scratch = join(scratchDirectory, `transform-${randomUUID()}`);
  const session = await duckdb.openSession(request.signal);
  const progress = startProgress(session, request.onProgress);
  try {
    await makeScratch(scratch);
    return await work(session, request, scratch, progress);
  } finally {
    progress.stop();
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
  const { target, sources, signal, onWaiting } = request;
  for (const source of sources) {
    const paths = await download(source, join(scratch, 'raw'), signal, progress);
    await createSourceView(session, source, paths);
  }
  const tables = sources.map(({ table, manifest }) => ({ table, columns: manifest.columns }));
  const lineage = await bindTransform(session, target, tables);
  const directory = join(scratch, 'out');
  const joined = await session.alone(() => joinAndProve(session, request, lineage, directory), onWaiting);
  const { files, left, rights, joinMismatches } = joined;
  const output = files.map(({ path }) => path);
  const checksum =
    output.length > 0 ? await checksumOfParquet(session, output, target.columns) : emptyChecksum;
  const parts = await upload(files, request.output, signal, progress);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const unmatchedLeft = rowsOf(sources, left.table) - left.expected.rows;
  return { parts, rows: checksum.rows, bytes, checksum, left, rights, unmatchedLeft, joinMismatches };
}

interface Joined extends Pick<TransformOutcome, 'left' | 'rights' | 'joinMismatches'> {
  readonly files: readonly PartFile[];
}

/** Writes the window's part files into a directory, and compares them with the rows that they are of. */
async function joinAndProve(
  session: DuckDbSession,
  { target, joinKeys, partRows }: TransformRequest,
  lineage: Lineage,
  directory: string,
): Promise<Joined> {
  const joinMismatches = await checkCollation(session, lineage, joinKeys);
  const folded = joinKeys === 'casefold_rtrim';
  const query = `SELECT ${castTo(target.columns)} FROM (${transformSql(lineage, folded)}) AS transformed`;
  const files = await writeParts(session, query, partRows, directory);
  const output = files.map(({ path }) => path);
  const hops = await checkHops({ session, lineage, targetColumns: target.columns, output, folded });
  return { files, ...hops, joinMismatches };
}

function rowsOf(sources: readonly TransformSource[], name: string): number {
  return sources.find(({ table }) => table === name)?.manifest.rows ?? 0;
}
