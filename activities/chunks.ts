import { listPending, loadChunk, setChunkState } from '../engine/postgres/control/chunks.js';
import { pendingDatabases, resolveParked as resolve } from '../engine/postgres/control/parked.js';
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

    parkChunk: ({ chunkId, code, message }) =>
      runStep(() => setChunkState(deps.target, chunkId, 'NEEDS_ATTENTION', { code, message })),

    resolveParked: (input: ResolveParkedInput): Promise<ParkedSummary> =>
      runStep(async (step) => {
        const { runId, action, chunk: path, reason } = input;
        const { config } = await contexts.of(runId);
        const resolved = await resolve(deps.target, runId, action, { path, reason });
        // What failed may rest on parts that were wrong: a retry begins at the source.
        if (action === 'retry') await forgetParts(deps, config, chunksOf(deps, resolved), step);
        return { resolved: resolved.length, databases: await pendingDatabases(deps.target, runId) };
      }),
  };
}

async function* chunksOf(deps: Dependencies, resolved: readonly { readonly chunkId: string }[]) {
  for (const { chunkId } of resolved) {
    const chunk = await loadChunk(deps.target, chunkId);
    yield { ...chunk, window: chunk.window.label };
  }
}
