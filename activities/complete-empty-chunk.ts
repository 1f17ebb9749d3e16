import { completeEmpty } from '../engine/postgres/complete-empty.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { readRaw } from './export-chunk.js';
import { placeOf, type RunContexts } from './run-context.js';
import { logRun } from './run-log.js';
import { runStep } from './step.js';
import { partsGone } from './transform-chunk.js';

/**
 * The rest of a chunk of which no source table has a row: what is supported of a transform makes no row out of
 * nothing (see `refuseUnsupported`), so there is nothing to transform, copy or hash but the stage's own emptiness.
 */
export function completeEmptyChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runStep(async (step) => {
      const context = await contexts.chunk(ref);
      const { config, chunk, target, sources } = context;
      step.stallAfter(config.stallSeconds);
      const started = performance.now();
      const raw = await readRaw(deps, context);
      const attempt = raw?.[0]?.attempt;
      if (attempt === undefined || raw?.some(({ rows }) => rows > 0)) throw partsGone('raw');
      await completeEmpty({
        target: deps.target,
        table: target,
        ...ref,
        epoch: chunk.epoch,
        fingerprint: chunk.fingerprint,
        attempt,
        subjects: sources.map(({ subject }) => subject),
        place: placeOf(context),
        signal: step.signal,
        onProgress: () => step.advance(1),
      });
      const result = { rows: 0, bytes: 0, seconds: (performance.now() - started) / 1000, reused: false };
      logRun(config, 'INFO', 'done without a row', { chunk: placeOf(context), ...result });
      return result;
    });
}
