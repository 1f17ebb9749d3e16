import { MigrationError } from '../errors.js';
import type { GlueApi, JobRun } from './glue-api.js';
import { fateOf } from './job-states.js';
import { growingPauses, insist } from './pausing.js';
import {
  findOwnRuns,
  type Held,
  type JobCall,
  type JobTimes,
  type JobWatch,
  type OwnRuns,
  type Started,
  startRun,
} from './start-run.js';

export interface EndedRun {
  readonly run: JobRun;
  /** Runs of this work that have failed, this one included. */
  readonly failed: number;
}

/**
 * Runs a job for a piece of work: takes over the run that an earlier attempt has started, or starts one, and waits for
 * its end. When the signal aborts the run is stopped, and has stopped when this rejects with the signal's reason;
 * `leave` names the reasons for which it goes on, to be taken over.
 * @throws MigrationError GLUE_*; what `watch.hold` and its check throw (the run is stopped then)
 */
export async function runJob(
  api: GlueApi,
  call: JobCall,
  watch: JobWatch,
  times: JobTimes,
  leave: (reason: unknown) => boolean,
): Promise<EndedRun> {
  const { run, held, failed } = await begin(api, call, watch, times).catch(async (error: unknown) => {
    if (watch.signal.aborted && !leave(watch.signal.reason)) await stopOwnRuns(api, call, times);
    throw error;
  });
  try {
    const ended = await untilEnded(api, run, held, watch, times);
    return { run: ended, failed: failed + (fateOf(ended.state) === 'failed' ? 1 : 0) };
  } catch (error) {
    // Without an answer of Glue nothing can be stopped: the next attempt takes the run over.
    const goesOn = isUnavailable(error) || (watch.signal.aborted && leave(watch.signal.reason));
    if (!goesOn) await stopRun(api, run, times);
    throw error;
  } finally {
    await held.release();
  }
}

async function begin(
  api: GlueApi,
  call: JobCall,
  watch: JobWatch,
  times: JobTimes,
): Promise<Started & Pick<OwnRuns, 'failed'>> {
  const { run, failed } = await findOwnRuns(api, call, times, watch.signal);
  if (run === undefined) return { ...(await startRun(api, call, watch, times)), failed };
  return { run, held: await holdFor(api, run, watch, times), failed };
}

/** Of a step that was cancelled before it knew whether an earlier attempt, or a lost answer, has left it a run. */
async function stopOwnRuns(api: GlueApi, call: JobCall, times: JobTimes): Promise<void> {
  const uncancelled = new AbortController();
  const { run } = await findOwnRuns(api, call, times, uncancelled.signal).catch(() => ({ run: undefined }));
  if (run !== undefined && fateOf(run.state) === 'alive') await stopRun(api, run, times);
}

/** A run that has ended already needs nothing at the source. */
async function holdFor(api: GlueApi, run: JobRun, watch: JobWatch, times: JobTimes): Promise<Held> {
  if (fateOf(run.state) !== 'alive') return { check: async () => undefined, release: async () => undefined };
  try {
    return await watch.hold();
  } catch (error) {
    // It would read on without a place under the limit.
    await stopRun(api, run, times);
    throw error;
  }
}

async function untilEnded(
  api: GlueApi,
  begun: JobRun,
  held: Held,
  { signal, moved, waiting }: JobWatch,
  { poll }: JobTimes,
): Promise<JobRun> {
  let state = begun.state;
  if (fateOf(state) === 'succeeded') return begun;
  const pause = growingPauses(poll, signal);
  for (;;) {
    await pause();
    const run = await insist(() => api.run(begun.job, begun.id), poll, signal);
    if (run.state === state) waiting();
    else moved(run.state);
    state = run.state;
    const fate = fateOf(state);
    if (fate === 'unknown') throw unknownState(run);
    if (fate !== 'alive') return run;
    await held.check();
  }
}

/** Waits until the run has ended, for a while: one that does not answer is left to its own timeout. */
async function stopRun(api: GlueApi, { job, id }: JobRun, { poll, stopMs }: JobTimes): Promise<void> {
  const until = Date.now() + stopMs;
  const pause = growingPauses({ first: poll.first, longest: Math.min(poll.longest, 5_000) });
  try {
    await insist(() => api.stop(job, id), poll);
    while (Date.now() < until) {
      const { state } = await insist(() => api.run(job, id), poll);
      if (fateOf(state) !== 'alive' && fateOf(state) !== 'unknown') return;
      await pause();
    }
  } catch {
    // Why it is stopped is what there is to tell.
  }
}

function unknownState({ job, id, state }: JobRun): MigrationError {
  return new MigrationError(
    'GLUE_RUN',
    `Run ${id} of job '${job}' is in state '${state}', which this version does not know; it was told to stop. ` +
      `Look at it in Glue's console, and update the engine.`,
  );
}

function isUnavailable(error: unknown): boolean {
  return error instanceof MigrationError && error.code === 'GLUE_UNAVAILABLE';
}
