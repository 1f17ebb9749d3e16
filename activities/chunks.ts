import { log } from '@temporalio/activity';
import { type ErrorCode, errorCodes, MigrationError } from '../engine/errors.js';
import { listPending, parkChunk } from '../engine/postgres/control/chunks.js';
import {
  type ChunkChange,
  countParked,
  pendingDatabases,
  removeStaged,
  resolveParked as resolve,
} from '../engine/postgres/control/parked.js';
import {
  type NamedChunk,
  requireChunk,
  requireNames,
  selectionOf,
} from '../engine/postgres/control/selection.js';
import { type CutKeys, splitChunk } from '../engine/postgres/control/split-chunk.js';
import { parkWhole } from '../engine/postgres/control/wholes.js';
import type {
  Activities,
  ChunkPage,
  ListChunksInput,
  ParkedSummary,
  ResolveParkedInput,
} from './contract.js';
import { cutKeys } from './cut-keys.js';
import type { Dependencies } from './dependencies.js';
import { logLines } from './log-lines.js';
import { type RunContexts, routeOf, targetOf } from './run-context.js';
import { runStep } from './step.js';

/** The short look-ups and writes in the control tables that workflows steer chunks by. */
export function chunkActivities(
  deps: Dependencies,
  contexts: RunContexts,
): Pick<Activities, 'listChunks' | 'parkChunk' | 'parkWhole' | 'resolveParked'> {
  return {
    listChunks: ({ afterOrdinal, limit, pass, ...scope }: ListChunksInput): Promise<ChunkPage> =>
      runStep(async () => {
        const { config } = await contexts.of(scope.runId);
        const chunks = await listPending(deps.target, scope, pass, afterOrdinal, limit);
        const target = targetOf(config, scope.target);
        const route = pass === 'all' ? routeOf(target) : pass;
        return { route, chunks, ...(target.chunk.onePass && pass !== 'load' && { onePass: true }) };
      }),

    parkChunk: ({ code, message, ...ref }) =>
      runStep(async (step) => {
        await parkChunk(deps.target, ref, { code, message }, !mayPass(code));
        log.error(logLines.chunkParked, { chunkId: ref.chunkId, runId: ref.runId, code, cause: message });
        if (code !== 'CHECKSUM_STAGE') return;
        const { target } = await contexts.chunk(ref);
        const onProgress = (): void => step.advance(1);
        const { signal } = step;
        await removeStaged(
          { target: deps.target, runId: ref.runId, signal, onProgress },
          target,
          ref.chunkId,
        );
      }),

    parkWhole: ({ code, message, ...scope }) =>
      runStep(() => parkWhole(deps.target, scope, { code, message }, !mayPass(code))),

    resolveParked: (input: ResolveParkedInput): Promise<ParkedSummary> =>
      runStep(async (step) => {
        const { runId } = input;
        const { config } = await contexts.of(runId);
        step.stallAfter(config.stallSeconds);
        const { signal } = step;
        const change = { target: deps.target, runId, config, signal, onProgress: () => step.advance(1) };
        return {
          resolved: await resolveChunks(change, input, cutKeys(deps, config, step)),
          parked: await countParked(deps.target, runId),
          databases: await pendingDatabases(deps.target, runId),
        };
      }),
  };
}

async function resolveChunks(
  change: ChunkChange,
  { action, chunk, where = {}, reason = '', parts }: ResolveParkedInput,
  cut: CutKeys,
): Promise<number> {
  const resolution = action === 'skip' ? { action, reason } : { action };
  if (chunk !== undefined) {
    const named = await namedChunk(change, chunk);
    const splits = action === 'retry' && parts !== undefined;
    return splits ? splitChunk(change, named, parts, cut) : resolve(change, named, resolution);
  }
  if (parts !== undefined)
    throw new MigrationError('CHUNK_UNSPLITTABLE', 'Parts are of one chunk: name it as "chunk".');
  requireNames(change.config, where);
  return resolve(change, where, resolution);
}

/** Refuses what the run does not have, so that a mistyped name is told from a chunk that was resolved before. */
async function namedChunk({ target, runId, config }: ChunkChange, path: string): Promise<NamedChunk> {
  const chunk = selectionOf(config, path);
  await requireChunk(target, runId, config.category, chunk);
  return chunk;
}

/**
 * Whether the cause lies outside of the chunk. Else it may lie in what was exported (a value that was mended at the
 * source since, a damaged part), and whoever runs the chunk again, by `retry` or in another run, begins at the source.
 */
export function mayPass(code: string): boolean {
  return (
    code === 'TERMINATED' ||
    code === 'CANCELLED' ||
    (code in errorCodes && errorCodes[code as ErrorCode].retry)
  );
}
