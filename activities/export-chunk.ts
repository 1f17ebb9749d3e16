import { randomUUID } from 'node:crypto';
import { MigrationError } from '../engine/errors.js';
import { requireOwned } from '../engine/postgres/control/chunks.js';
import type { ChecksumRecord } from '../engine/postgres/control/results.js';
import { recordExported } from '../engine/postgres/control/wholes.js';
import type { ColumnBatch } from '../engine/rows/column-batch.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { type FoundManifest, findManifest, replaceManifest } from '../engine/storage/manifest-store.js';
import { createPartWriter } from '../engine/transform/part-writer.js';
import { requireEqual } from '../engine/validation/hops.js';
import { runChunkStep } from './chunk-step.js';
import { completeWithoutRows } from './complete-without-rows.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { exportByGlue } from './export-by-glue.js';
import { type ChunkContext, placeOf, type RawSource, type RunContexts } from './run-context.js';
import { patience, readTable } from './source-rows.js';
import type { Step } from './step.js';

/**
 * Source -> raw: reads all source tables of a chunk, and the server's own checksums of them, in one transaction
 * of one session (invariant 5), and publishes their manifests once both agree. A chunk without rows is DONE then.
 */
export function exportChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'export', async (context, step) => {
      const found = await readRaw(deps, context);
      const reused = found !== undefined;
      const manifests = found ?? (await exportTables(deps, context, step));
      const total = sum(manifests);
      if (context.target.scope !== 'chunk')
        await recordExported(deps.target, ref, context.chunk, manifests[0]?.attempt ?? '');
      return {
        ...total,
        reused,
        checksums: rawChecksums(context, manifests),
        ...(total.rows === 0 && {
          andThen: () => completeWithoutRows(deps, context, manifests[0]?.attempt ?? '', step),
        }),
      };
    });
}

/**
 * The chunk's raw manifests in the order of its sources, or undefined where there is no whole export: parts of
 * two attempts would be two instants, so all must be of one.
 */
export async function readRaw(
  deps: Dependencies,
  context: ChunkContext,
): Promise<readonly Manifest[] | undefined> {
  return wholeExport(context, await findRaw(deps, context));
}

function findRaw(
  deps: Dependencies,
  { sources }: ChunkContext,
): Promise<readonly (FoundManifest | undefined)[]> {
  return Promise.all(sources.map(({ prefix }) => findManifest(deps.buckets.raw, prefix)));
}

function wholeExport(
  { sources }: ChunkContext,
  found: readonly (FoundManifest | undefined)[],
): readonly Manifest[] | undefined {
  const manifests = found.flatMap((entry) => (entry === undefined ? [] : [entry.manifest]));
  const whole =
    manifests.length === sources.length &&
    manifests.every(({ fingerprint }, index) => fingerprint === sources[index]?.fingerprint) &&
    new Set(manifests.map(({ attempt }) => attempt)).size <= 1;
  return whole ? manifests : undefined;
}

async function exportTables(
  deps: Dependencies,
  context: ChunkContext,
  step: Step,
): Promise<readonly Manifest[]> {
  const read = context.config.engine.export === 'glue' ? exportByGlue : exportByReader;
  const written = await read(deps, context, step);
  step.signal.throwIfAborted();
  return publishRaw(deps, context, written);
}

async function exportByReader(
  deps: Dependencies,
  context: ChunkContext,
  step: Step,
): Promise<readonly Manifest[]> {
  const { config, chunk, sources } = context;
  const attempt = randomUUID();
  step.stallAfter(patience(context));
  const session = await deps.openSource(config, chunk, step);
  const written: Manifest[] = [];
  try {
    await session.inSnapshot(config.consistency, async (tx) => {
      for (const source of sources) written.push(await exportTable(deps, context, source, tx, attempt, step));
    });
  } finally {
    await session.close();
  }
  return written;
}

async function exportTable(
  deps: Dependencies,
  context: ChunkContext,
  source: RawSource,
  tx: SourceReader,
  attempt: string,
  step: Step,
): Promise<Manifest> {
  const { config } = context;
  const writer = createPartWriter({
    duckdb: await deps.duckdb(config, 'parts'),
    bucket: deps.buckets.raw,
    prefix: source.prefix,
    attempt,
    columns: source.columns,
    partRows: config.storage.partRows,
    spillDirectory: deps.spillDirectory,
    signal: step.signal,
    onWaiting: step.waiting,
  });
  try {
    const onBatch = (batch: ColumnBatch): Promise<void> => writer.write(batch);
    const {
      rows: read,
      stated: said,
      replaced,
    } = await readTable(context, source, tx, step, {
      columns: source.columns,
      onBatch,
    });
    const { parts, rows, bytes, checksum } = await writer.finish();
    if (read !== rows)
      throw new MigrationError(
        'CHECKSUM_EXPORT',
        `${source.subject}: ${read} rows were read and ${rows} written.`,
      );
    const stated = said ?? { checksum, method: 'reader' };
    requireEqual('raw', stated.checksum, checksum, `${placeOf(context)}, ${source.subject}`);
    const columns = source.columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
    return {
      version: 1,
      fingerprint: source.fingerprint,
      attempt,
      columns,
      parts,
      rows,
      bytes,
      checksum,
      source: stated,
      ...(replaced.length > 0 && { replaced }),
    };
  } finally {
    await writer.abort();
  }
}

/**
 * Makes this attempt's manifests the ones that count, or adopts those of an equal attempt that was first. What
 * an attempt that died half way has left is replaced: it would be one half of two instants.
 */
export async function publishRaw(
  deps: Dependencies,
  context: ChunkContext,
  written: readonly Manifest[],
): Promise<readonly Manifest[]> {
  const { runId, chunk } = context;
  await requireOwned(deps.target, { runId, chunkId: chunk.chunkId, epoch: chunk.epoch }, chunk.fingerprint);
  const found = await findRaw(deps, context);
  const winner = wholeExport(context, found);
  if (winner !== undefined) return winner;
  if (await replaceAll(deps, context, written, found)) {
    const published = await readRaw(deps, context);
    if (published !== undefined) return published;
  }
  throw new MigrationError(
    'STORAGE_IO',
    `Two attempts exported ${placeOf(context)} at once; it is exported again.`,
  );
}

/** False where another attempt has put a manifest meanwhile. */
async function replaceAll(
  { buckets }: Dependencies,
  { sources }: ChunkContext,
  written: readonly Manifest[],
  found: readonly (FoundManifest | undefined)[],
): Promise<boolean> {
  for (const [index, { prefix }] of sources.entries()) {
    const manifest = written[index];
    if (manifest === undefined || !(await replaceManifest(buckets.raw, prefix, manifest, found[index])))
      return false;
  }
  return true;
}

/** What the source said and what was written, by source table. */
export function rawChecksums(
  { sources }: ChunkContext,
  manifests: readonly Manifest[],
): readonly ChecksumRecord[] {
  return manifests.flatMap(({ checksum, source: stated }, index) => {
    const subject = sources[index]?.subject ?? '';
    return [
      ...(stated === undefined ? [] : [{ hop: 'source' as const, subject, ...stated }]),
      { hop: 'raw' as const, subject, checksum, method: 'reader', matches: true },
    ];
  });
}

function sum(manifests: readonly Manifest[]): { readonly rows: number; readonly bytes: number } {
  return {
    rows: manifests.reduce((total, { rows }) => total + rows, 0),
    bytes: manifests.reduce((total, { bytes }) => total + bytes, 0),
  };
}
