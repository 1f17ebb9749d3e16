import { type ErrorCode, errorCodes } from '../engine/errors.js';
import { listPending, loadChunk, setChunkState } from '../engine/postgres/control/chunks.js';
import {
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
import { forgetParts } from './prepare-targets.js';
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

    parkChunk: ({ chunkId, code, message, ...ref }) =>
      runStep(async (step) => {
        await setChunkState(deps.target, chunkId, 'NEEDS_ATTENTION', { code, message });
        if (mayPass(code)) return;
        const { config, target } = await contexts.chunk({ ...ref, chunkId });
        if (code === 'CHECKSUM_STAGE') await removeStaged(deps.target, target, chunkId);
        await forgetParts(deps, config, chunksOf(deps, [{ chunkId }]), step);
      }),

    resolveParked: (input: ResolveParkedInput): Promise<ParkedSummary> =>
      runStep(async (step) => {
        const { runId, action, chunk: path, reason } = input;
        const { config } = await contexts.of(runId);
        const resolved = await resolve(deps.target, runId, config.targets, action, { path, reason });
        // What failed may rest on parts that were wrong: a retry begins at the source.
        if (action === 'retry') await forgetParts(deps, config, chunksOf(deps, resolved), step);
        return { resolved: resolved.length, databases: await pendingDatabases(deps.target, runId) };
      }),
  };
}

/**
 * Whether the cause lies outside of the chunk. Else it may lie in what was exported (a value that was mended at the
 * source since, a damaged part), and whoever runs the chunk again, by `retry` or in another run, begins at the source.
 */
function mayPass(code: string): boolean {
  return code === 'TERMINATED' || (code in errorCodes && errorCodes[code as ErrorCode].retry);
}

async function* chunksOf(deps: Dependencies, resolved: readonly { readonly chunkId: string }[]) {
  for (const { chunkId } of resolved) {
    const chunk = await loadChunk(deps.target, chunkId);
    yield { ...chunk, window: chunk.window.label };
  }
}
