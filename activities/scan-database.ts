import { MigrationError } from '../engine/errors.js';
import {
  type ChunkToPublish,
  listWindowParts,
  type WindowPart,
  windowsToPublish,
} from '../engine/postgres/control/scan-ranges.js';
import {
  chunksToScan,
  endScan,
  endSettledScan,
  openScan,
  parkScan,
  type WantedChunk,
} from '../engine/postgres/control/scans.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { addChecksums } from '../engine/validation/set-checksum.js';
import { mayPass } from './chunks.js';
import type { Activities, DatabaseRef, ScanPage, ScanResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { publishRaw, readRaw } from './export-chunk.js';
import { type ChunkContext, placeOf, type RunContexts, targetOf } from './run-context.js';
import { runStep, type Step } from './step.js';

/** Windows that are looked at together. */
const together = 8;
const nothing: ScanPage = { open: false, of: 0, ranges: [] };

/** One reading of a database's tables for all windows (chunk.onePass): its beginning and its end. */
export function scanActivities(
  deps: Dependencies,
  contexts: RunContexts,
): Pick<Activities, 'openScan' | 'publishScan' | 'parkScan'> {
  return {
    openScan: (ref) => runStep((step) => open(deps, contexts, ref, step)),
    publishScan: (ref) => runStep((step) => publish(deps, contexts, ref, step)),
    parkScan: ({ code, message, again, ...ref }) =>
      runStep(() => parkScan(deps.target, ref, { code, message }, again && !mayPass(code))),
  };
}

async function open(
  deps: Dependencies,
  contexts: RunContexts,
  ref: DatabaseRef,
  step: Step,
): Promise<ScanPage> {
  const { config } = await contexts.of(ref.runId);
  step.stallAfter(config.stallSeconds);
  const pending = await chunksToScan(deps.target, ref);
  if (pending === undefined) return nothing;
  const exported = await inGroups(pending, step, async ({ chunkId }) => {
    const context = await contexts.chunk({ runId: ref.runId, chunkId });
    return (await readRaw(deps, context)) !== undefined;
  });
  const wanted: readonly WantedChunk[] = pending.filter((_, index) => exported[index] !== true);
  if (wanted.length < 2) {
    // One window costs one scan either way.
    await endSettledScan(deps.target, ref, pending);
    return nothing;
  }
  const scan = await openScan(deps.target, ref, wanted);
  if (scan === undefined) return nothing;
  const { sources } = targetOf(config, ref.target);
  return {
    open: true,
    of: scan.ranges,
    ranges: scan.left.map(({ rangeId, position, ordinal }) => ({
      rangeId,
      name: `${sources[position]?.schema}.${sources[position]?.table} ${ordinal}`,
    })),
  };
}

/**
 * Publishes the windows' manifests, all of one attempt, once each has as many rows of each table as the plan has
 * counted: else somebody wrote between two ranges, and no window can be trusted (SOURCE_CHANGED).
 */
async function publish(
  deps: Dependencies,
  contexts: RunContexts,
  ref: DatabaseRef,
  step: Step,
): Promise<ScanResult> {
  const { config } = await contexts.of(ref.runId);
  step.stallAfter(config.stallSeconds);
  const found = await windowsToPublish(deps.target, ref);
  if (found === undefined) return { windows: 0, rows: 0 };
  const manifestsOf = async ({ chunkId, epoch, counted }: ChunkToPublish): Promise<Published | undefined> => {
    const context = await contexts.chunk({ runId: ref.runId, chunkId });
    const parts = await listWindowParts(deps.target, ref.runId, found.attempt, chunkId);
    // Sent back to its source meanwhile, it reads its own window.
    if (context.chunk.epoch !== epoch) return undefined;
    const manifests = rawManifests(context, found.attempt, parts);
    if (counted) requirePlanned(context, manifests);
    return { context, manifests };
  };
  await inGroups(found.chunks, step, async (chunk) => void (await manifestsOf(chunk)));
  const rows = await inGroups(found.chunks, step, async (chunk) => {
    const window = await manifestsOf(chunk);
    return window === undefined ? 0 : published(deps, window);
  });
  await endScan(deps.target, ref);
  return { windows: rows.length, rows: rows.reduce((sum, count) => sum + count, 0) };
}

interface Published {
  readonly context: ChunkContext;
  readonly manifests: readonly Manifest[];
}

function rawManifests(
  { sources }: ChunkContext,
  attempt: string,
  found: readonly WindowPart[],
): readonly Manifest[] {
  return sources.map(({ fingerprint, columns }, position) => {
    const own = found.filter((part) => part.position === position);
    const checksum = addChecksums(own.map((part) => part.checksum));
    const server = own.length > 0 && own.every(({ method }) => method === 'server');
    return {
      version: 1,
      fingerprint,
      attempt,
      columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
      parts: own.flatMap(({ parts }) => parts),
      rows: checksum.rows,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      checksum,
      source: { checksum, method: server ? 'server' : 'reader' },
    };
  });
}

function requirePlanned(context: ChunkContext, manifests: readonly Manifest[]): void {
  for (const [index, { subject }] of context.sources.entries()) {
    const planned = context.chunk.rowsPlanned[subject] ?? 0;
    const read = manifests[index]?.rows ?? 0;
    if (planned !== read)
      throw new MigrationError(
        'SOURCE_CHANGED',
        `${placeOf(context)}, ${subject}: ${planned} rows were counted and ${read} read. Make sure that nobody writes to the source, then start the category again.`,
      );
  }
}

/** A chunk that was split or taken over meanwhile is nobody's any more. */
async function published(deps: Dependencies, { context, manifests }: Published): Promise<number> {
  try {
    const winners = await publishRaw(deps, context, manifests);
    return winners.reduce((sum, { rows }) => sum + rows, 0);
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'SUPERSEDED') return 0;
    throw error;
  }
}

async function inGroups<T, R>(
  all: readonly T[],
  { signal, advance }: Step,
  work: (one: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += together) {
    signal.throwIfAborted();
    results.push(...(await Promise.all(all.slice(at, at + together).map(work))));
    advance(1);
  }
  return results;
}
