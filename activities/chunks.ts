import { type ErrorCode, errorCodes } from '../engine/errors.js';
import { listPending, parkChunk } from '../engine/postgres/control/chunks.js';
import {
  countParked,
  pendingDatabases,
  removeStaged,
  resolveParked as resolve,
} from '../engine/postgres/control/parked.js';
import type {
  Activities,
  ChunkPage,
  ListChunksInput,
  ParkedSummary,
  ResolveParkedInput,
} from './contract.js';
import type { Dependencies } from './dependencies.js';
import type { RunContexts } from './run-context.js';
import { runStep } from './step.js';

/** The short look-ups and writes in the control tables that workflows steer chunks by. */
export function chunkActivities(
  deps: Dependencies,
  contexts: RunContexts,
): Pick<Activities, 'listChunks' | 'parkChunk' | 'resolveParked'> {
  return {
    listChunks: ({ afterOrdinal, limit, ...scope }: ListChunksInput): Promise<ChunkPage> =>
      runStep(async () => ({ chunks: await listPending(deps.target, scope, afterOrdinal, limit) })),

    parkChunk: ({ code, message, ...ref }) =>
      runStep(async () => {
        await parkChunk(deps.target, ref, { code, message }, !mayPass(code));
        if (code !== 'CHECKSUM_STAGE') return;
        const { target } = await contexts.chunk(ref);
        await removeStaged(deps.target, target, ref.chunkId);
      }),

    resolveParked: ({ runId, action, chunk: path, reason }: ResolveParkedInput): Promise<ParkedSummary> =>
      runStep(async (step) => {
        const { config } = await contexts.of(runId);
        step.stallAfter(config.stallSeconds);
        const resolved = await resolve(deps.target, runId, config.targets, action, { path, reason });
        return {
          resolved: resolved.length,
          parked: await countParked(deps.target, runId),
          databases: await pendingDatabases(deps.target, runId),
        };
      }),
  };
}

/**
 * Whether the cause lies outside of the chunk. Else it may lie in what was exported (a value that was mended at the
 * source since, a damaged part), and whoever runs the chunk again, by `retry` or in another run, begins at the source.
 */
function mayPass(code: string): boolean {
  return (
    code === 'TERMINATED' ||
    code === 'CANCELLED' ||
    (code in errorCodes && errorCodes[code as ErrorCode].retry)
  );
}
