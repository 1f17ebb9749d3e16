import { completeEmpty } from '../engine/postgres/complete-empty.js';
import type { Dependencies } from './dependencies.js';
import { type ChunkContext, placeOf } from './run-context.js';
import type { Step } from './step.js';

/**
 * The rest of a chunk of which no source table has a row: what is supported of a transform makes no row out of
 * nothing (see `refuseUnsupported`), so there is nothing to transform, copy or hash but the stage's own emptiness.
 * `attempt` names what has read the source.
 */
export async function completeWithoutRows(
  deps: Dependencies,
  context: ChunkContext,
  attempt: string,
  { signal, advance }: Step,
): Promise<void> {
  const { runId, chunk, target, sources } = context;
  await completeEmpty({
    target: deps.target,
    table: target,
    runId,
    chunkId: chunk.chunkId,
    epoch: chunk.epoch,
    fingerprint: chunk.fingerprint,
    attempt,
    subjects: sources.map(({ subject }) => subject),
    place: placeOf(context),
    signal,
    onProgress: () => advance(1),
  });
}
