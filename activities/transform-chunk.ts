import { MigrationError } from '../engine/errors.js';
import { type ChecksumRecord, recordResults } from '../engine/postgres/control/results.js';
import { findWhole } from '../engine/postgres/control/wholes.js';
import { transformedType } from '../engine/rows/fits.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { publishManifest, readManifest } from '../engine/storage/manifest-store.js';
import type { TransformOutcome } from '../engine/transform/engine.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { readRaw } from './export-chunk.js';
import { type ChunkContext, placeOf, type RunContexts, transformedPlace } from './run-context.js';
import { scratchDirectory } from './scratch.js';
import type { Step } from './step.js';
import { transformEngine } from './transform-engine.js';

/** Raw -> transformed: joins and reshapes one chunk; the engine proves that the sources' rows came through. */
export function transformChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'transform', async (context, step) => {
      const raw = await readRaw(deps, context);
      if (raw === undefined) throw partsGone('raw');
      const place = transformedPlace(context, attemptOf(raw));
      const found = await readManifest(deps.buckets.transformed, place.prefix);
      if (found?.fingerprint === place.fingerprint)
        return { rows: found.rows, bytes: found.bytes, reused: true };
      return transform(deps, context, raw, step);
    });
}

/** The chunk's transformed parts. Throws PARTS_GONE where there are none (any more) for what was exported. */
export async function readTransformed(deps: Dependencies, context: ChunkContext): Promise<Manifest> {
  const place = transformedPlace(context, await exportedOf(deps, context));
  const manifest = await readManifest(deps.buckets.transformed, place.prefix);
  if (manifest?.fingerprint !== place.fingerprint) throw partsGone('transformed');
  return manifest;
}

/** Names what the transform has read: the chunk's own export, or those of its whole. Throws PARTS_GONE. */
async function exportedOf(deps: Dependencies, context: ChunkContext): Promise<string> {
  if (context.target.scope !== 'chunk') {
    const whole = await findWhole(deps.target, context.chunk);
    if (whole === undefined) throw partsGone('transformed');
    return whole;
  }
  const raw = await readRaw(deps, context);
  if (raw === undefined) throw partsGone('raw');
  return attemptOf(raw);
}

interface Transformed extends Pick<Manifest, 'rows' | 'bytes'> {
  readonly reused: false;
  readonly joinMismatches: number;
}

async function transform(
  deps: Dependencies,
  context: ChunkContext,
  raw: readonly Manifest[],
  step: Step,
): Promise<Transformed> {
  const { config, target, sources } = context;
  const { prefix, fingerprint } = transformedPlace(context, attemptOf(raw));
  const scratch = await scratchDirectory(deps.spillDirectory);
  try {
    const { engine, attempt } = await transformEngine(deps, config, step, scratch.path, {
      part: 'transform',
      work: { chunk: placeOf(context) },
    });
    const outcome = await engine.transform({
      target,
      sources: sources.map(({ table }, index) => ({
        table,
        manifest: at(raw, index),
        bucket: deps.buckets.raw,
      })),
      output: { bucket: deps.buckets.transformed, prefix, attempt },
      partRows: config.storage.partRows,
      ...(target.joinKeys !== undefined && { joinKeys: target.joinKeys }),
      signal: step.signal,
      onProgress: () => step.advance(1),
      onWaiting: step.waiting,
    });
    // Before the manifest, which an attempt that finds it takes as it is.
    const checksums = transformedChecksums(context, outcome);
    await recordResults(deps.target, { runId: context.runId, chunkId: context.chunk.chunkId }, { checksums });
    const manifest = transformedManifest(context, outcome, { fingerprint, attempt });
    const published = await publishManifest(deps.buckets.transformed, prefix, manifest);
    const { joinMismatches } = outcome;
    return { rows: published.rows, bytes: published.bytes, reused: false, joinMismatches };
  } finally {
    await scratch.remove();
  }
}

/** What makes an outcome's parts count. */
export function transformedManifest(
  { target }: ChunkContext,
  { parts, rows, bytes, checksum }: TransformOutcome,
  { fingerprint, attempt }: Pick<Manifest, 'fingerprint' | 'attempt'>,
): Manifest {
  const columns = target.columns.map(({ name, type, nullable }) => ({
    name,
    type: transformedType(type),
    nullable,
  }));
  return { version: 1, fingerprint, attempt, columns, parts, rows, bytes, checksum };
}

/** What the transform proved, by source table; the rows of a right table are those that matched. */
export function transformedChecksums(
  { sources, config }: ChunkContext,
  { left, rights }: TransformOutcome,
): readonly ChecksumRecord[] {
  const hops = [left, ...rights];
  const method = config.engine.transform === 'glue' ? 'spark' : 'duckdb';
  return hops.map(({ table, alias, actual }) => {
    const name = sources.find((source) => source.table === table)?.subject ?? table;
    // A table that is joined to itself has a checksum of each side.
    const subject = hops.filter((hop) => hop.table === table).length > 1 ? `${name} ${alias}` : name;
    return { hop: 'transformed', subject, checksum: actual, method, matches: true };
  });
}

function attemptOf(raw: readonly Manifest[]): string {
  return at(raw, 0).attempt;
}

function at(manifests: readonly Manifest[], index: number): Manifest {
  const manifest = manifests[index];
  if (manifest === undefined) throw partsGone('raw');
  return manifest;
}

/** What sends a chunk back to its source. */
export function partsGone(hop: 'raw' | 'transformed'): MigrationError {
  return new MigrationError(
    'PARTS_GONE',
    `The chunk's ${hop} parts are gone from the bucket or are of another export; the chunk begins at its source again.`,
  );
}
