import { loadChunk, startChunk } from '../engine/postgres/control/chunks.js';
import { type ChecksumRecord, recordResults, type StepRecord } from '../engine/postgres/control/results.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { type ChunkContext, placeOf, type RunContexts } from './run-context.js';
import { logRun } from './run-log.js';
import { runStep, type Step } from './step.js';

type Outcome = Omit<StepResult, 'seconds'> &
  Pick<StepRecord, 'joinMismatches'> & {
    /** What was hashed on the way; kept with the step's figures. */
    readonly checksums?: readonly ChecksumRecord[];
    /** What must not be done before the step's figures are kept. */
    readonly andThen?: () => Promise<void>;
  };

/** A step of a chunk, or some that are one: watched, timed, and recorded for the statistics once it is done. */
export function runChunkStep(
  deps: Dependencies,
  contexts: RunContexts,
  ref: ChunkRef,
  names: StepRecord['step'] | readonly StepRecord['step'][],
  work: (context: ChunkContext, step: Step) => Promise<Outcome>,
): Promise<StepResult> {
  return runStep(async (step) => {
    const steps = [names].flat();
    const name = steps.join(' and ');
    const context = await contexts.chunk(ref, steps.includes('export') ? startChunk : loadChunk);
    step.stallAfter(context.config.stallSeconds);
    const place = placeOf(context);
    logRun(context.config, 'DEBUG', `${name} begins`, { chunk: place });
    const started = performance.now();
    const { rows, bytes, reused, checksums = [], andThen, ...counted } = await work(context, step);
    const result = { rows, bytes, reused, seconds: (performance.now() - started) / 1000 };
    const records = steps.map((each) => ({ step: each, ...result, ...counted }));
    await recordResults(deps.target, ref, { steps: records, checksums });
    await andThen?.();
    logRun(context.config, 'INFO', `${name} ${reused ? 'found done' : 'done'}`, { chunk: place, ...result });
    return result;
  });
}
