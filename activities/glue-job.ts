import { CancelledFailure } from '@temporalio/activity';
import type { RunConfig } from '../config/run-config.js';
import type { GlueJob, Watching } from '../engine/glue/glue-jobs.js';
import { jobTimes } from '../engine/glue/start-run.js';
import type { Dependencies } from './dependencies.js';
import type { ChunkContext } from './run-context.js';
import { logRun } from './run-log.js';
import type { Step } from './step.js';

/** Why a step ends while its run goes on: the next attempt takes the run over. All else stops it. */
const takenOver: readonly string[] = ['WORKER_SHUTDOWN', 'TIMED_OUT', 'RESET'];

/** To stop a run takes Glue some seconds to minutes, in which the step still says that it lives. */
const endSeconds = jobTimes.stopMs / 1_000 + 30;

/** What a step needs a job for. */
export interface JobUse {
  readonly job: string;
  /** Tells the jobs of one step apart: letters, digits, `-`. */
  readonly part: string;
  /** How the worker's log names what is worked on. */
  readonly work: Readonly<Record<string, string>>;
  /** Taken at the source while a run is there. */
  readonly hold: Watching['hold'];
}

/** A job of Glue for a step. */
export function glueJob(
  deps: Pick<Dependencies, 'glue'>,
  config: Pick<RunConfig, 'glue' | 'logLevel'>,
  step: Step,
  { job, part, work, hold }: JobUse,
): GlueJob {
  const { timeoutMinutes, workerType, workers } = config.glue;
  step.endsWithin(endSeconds);
  return {
    services: deps.glue,
    job,
    settings: {
      timeoutMinutes,
      ...(workerType !== undefined && { workerType }),
      ...(workers !== undefined && { workers }),
    },
    identity: { key: `${step.identity.key}-${part}`, since: step.identity.since },
    watch: {
      signal: step.signal,
      // A run's time has a bound of its own, which Glue keeps.
      waiting: step.waiting,
      moved: (state) => {
        step.advance(1);
        logRun(config, 'DEBUG', `Glue job ${job} is ${state}`, work);
      },
      refused: (reason) =>
        logRun(config, 'INFO', `Glue has no room for job ${job} (${reason}); it is asked again`, work),
      hold,
      leave: (reason) => reason instanceof CancelledFailure && takenOver.includes(reason.message),
    },
  };
}

/**
 * A session at the source that does nothing but hold one of the places that the server's limit has, while a job reads:
 * the job's own session takes none.
 */
export function holdPlace(deps: Dependencies, { config, chunk }: ChunkContext, step: Step): Watching['hold'] {
  return async () => {
    const session = await deps.openSource(config, chunk, step);
    return {
      check: async () => void (await session.query('SELECT 1 AS alive')),
      release: () => session.close(),
    };
  };
}

/** For jobs that leave the source alone. */
export const holdNothing: Watching['hold'] = async () => ({
  check: async () => undefined,
  release: async () => undefined,
});
