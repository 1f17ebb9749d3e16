import { MigrationError } from '../errors.js';
import type { GlueApi, JobRun, RunSettings } from './glue-api.js';
import { glueError, isBackPressure, isUnanswered } from './glue-error.js';
import { fateOf } from './job-states.js';
import { growingPauses, insist, type Pauses } from './pausing.js';

/** A piece of work for a job. */
export interface JobCall {
  readonly job: string;
  /** When the first attempt may have begun. */
  readonly since: Date;
  /** Whether an earlier attempt of this work has started the run. */
  owns(run: JobRun): boolean;
  readonly settings: RunSettings;
  /** Makes a start ready, under a name of its own: two runs never share what they write. Gives the run's arguments. */
  prepare(): Promise<Readonly<Record<string, string>>>;
  /** Whether a run that has succeeded can still be taken over: its result is there. */
  usable(run: JobRun): Promise<boolean>;
}

/** What whoever asked hears and holds meanwhile. */
export interface JobWatch {
  readonly signal: AbortSignal;
  /** Something happened to the run. */
  readonly moved: (state: string) => void;
  /** The run is where it was, and Glue says so. */
  readonly waiting: () => void;
  /** Glue has no room for the run; it is asked for again in a moment. */
  readonly refused: (reason: string) => void;
  /** Taken before the run may begin and given back when it has ended, or when Glue has no room for it. */
  readonly hold: () => Promise<Held>;
}

/** Sessions' places at the source, for example. */
export interface Held {
  /** Throws when what is held was lost. */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface JobTimes {
  /** Between two looks at a run. */
  readonly poll: Pauses;
  /** While Glue has no room. */
  readonly room: Pauses;
  /** How long a run that was told to stop is waited for. */
  readonly stopMs: number;
}

export const jobTimes: JobTimes = {
  poll: { first: 2_000, longest: 15_000 },
  room: { first: 5_000, longest: 60_000 },
  stopMs: 300_000,
};

export interface OwnRuns {
  /** The one to go on with, if any. */
  readonly run: JobRun | undefined;
  /** Runs of this work that have failed. */
  readonly failed: number;
}

/** Clocks differ; a run is looked for a little further back. */
const skewMs = 600_000;
/** Each page has 200. Beyond, an earlier run is left to itself: what it writes meets nobody's. */
const mostRuns = 20_000;

/**
 * The runs that earlier attempts of this work have started. Where a lost answer has led to several, the first goes on
 * and the others are stopped.
 * @throws MigrationError GLUE_*
 */
export async function findOwnRuns(
  api: GlueApi,
  call: JobCall,
  { poll }: JobTimes,
  signal: AbortSignal,
): Promise<OwnRuns> {
  const own = await insist(() => listOwn(api, call, signal), poll, signal);
  const alive = own.filter(({ state }) => fateOf(state) === 'alive');
  const [first, ...others] = [...alive].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  for (const { job, id } of others) await api.stop(job, id);
  const failed = own.filter(({ state }) => fateOf(state) === 'failed').length;
  if (first !== undefined) return { run: first, failed };
  for (const run of own)
    if (fateOf(run.state) === 'succeeded' && (await call.usable(run))) return { run, failed };
  return { run: undefined, failed };
}

async function listOwn(
  api: GlueApi,
  { job, since, owns }: JobCall,
  signal: AbortSignal,
): Promise<readonly JobRun[]> {
  const own: JobRun[] = [];
  let seen = 0;
  for await (const run of api.runs(job)) {
    signal.throwIfAborted();
    seen += 1;
    // The newest come first.
    if (run.startedAt.getTime() < since.getTime() - skewMs || seen > mostRuns) break;
    if (owns(run)) own.push(run);
  }
  return own;
}

export interface Started {
  readonly run: JobRun;
  readonly held: Held;
}

/**
 * Starts a run as soon as Glue has room for it; what is held is given back while it has none.
 * @throws MigrationError GLUE_*; what `hold` and `prepare` throw; the signal's reason
 */
export async function startRun(
  api: GlueApi,
  call: JobCall,
  watch: JobWatch,
  times: JobTimes,
): Promise<Started> {
  const args = await call.prepare();
  const pause = growingPauses(times.room, watch.signal);
  for (;;) {
    watch.signal.throwIfAborted();
    const held = await watch.hold();
    let kept = false;
    try {
      const run = await tryStart(api, call, args, watch, times);
      kept = run !== undefined;
      if (run !== undefined) return { run, held };
    } finally {
      if (!kept) await held.release();
    }
    await pause();
  }
}

/** Undefined where Glue has no room. */
async function tryStart(
  api: GlueApi,
  call: JobCall,
  args: Readonly<Record<string, string>>,
  watch: JobWatch,
  times: JobTimes,
): Promise<JobRun | undefined> {
  const { job, settings } = call;
  watch.signal.throwIfAborted();
  try {
    const id = await api.start(job, args, settings);
    return { job, id, state: 'STARTING', arguments: args, startedAt: new Date(), logGroup: '' };
  } catch (error) {
    if (isBackPressure(error)) {
      watch.waiting();
      watch.refused((error as Error).name);
      return undefined;
    }
    const refusal = glueError(error, { action: 'glue:StartJobRun', resource: `job '${job}'` });
    if (!isUnanswered(error)) throw refusal;
    return await lookForLost(api, call, times, watch.signal, refusal);
  }
}

const looks = 3;

/** The run may have begun without an answer; what is not found now, the next attempt looks for again. */
async function lookForLost(
  api: GlueApi,
  call: JobCall,
  times: JobTimes,
  signal: AbortSignal,
  refusal: MigrationError,
): Promise<JobRun> {
  const pause = growingPauses(times.poll, signal);
  for (let look = 1; look <= looks; look += 1) {
    await pause();
    const { run } = await findOwnRuns(api, call, times, signal);
    if (run !== undefined) return run;
  }
  throw new MigrationError(refusal.code, `${refusal.message} No run has begun; it is tried again.`, {
    cause: refusal.cause,
  });
}
