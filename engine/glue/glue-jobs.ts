import { randomUUID } from 'node:crypto';
import { attemptPrefix } from '../storage/keys.js';
import type { ReadDriverLog } from './driver-log.js';
import type { GlueApi, JobRun, RunSettings } from './glue-api.js';
import { type JobResult, type ResultPlace, readResult, requestAddress, writeRequest } from './job-files.js';
import {
  type ExportJobRequest,
  type JobOutput,
  jobArguments,
  type TransformJobRequest,
} from './job-request.js';
import { fateOf } from './job-states.js';
import { requireJob } from './require-job.js';
import { runFailure, spent } from './run-failure.js';
import { runJob } from './run-job.js';
import { type JobCall, type JobTimes, type JobWatch, jobTimes } from './start-run.js';

/** What runs jobs: Glue, and where their logs are. */
export interface GlueServices {
  readonly api: GlueApi;
  readonly readLog: ReadDriverLog;
  readonly times?: JobTimes;
}

/** What all attempts of a piece of work have in common, and no other work. */
interface WorkIdentity {
  /** Letters, digits, `-`, `_` and inner dots. */
  readonly key: string;
  /** When the first attempt may have begun. */
  readonly since: Date;
}

/** A job, and how a run of it is started and looked after. */
export interface GlueJob {
  readonly services: GlueServices;
  readonly job: string;
  readonly settings: RunSettings;
  readonly identity: WorkIdentity;
  readonly watch: Watching;
}

/** Request, parts and result rest under the prefix. */
export interface JobWork<Result extends JobResult> extends ResultPlace<Result> {
  readonly request: (output: JobOutput) => ExportJobRequest | TransformJobRequest;
}

export interface Watching extends JobWatch {
  /** Reasons of the signal for which a run goes on, to be taken over by the next attempt. */
  readonly leave: (reason: unknown) => boolean;
}

/** A run that fails three times does not pass by itself, and each costs at least a minute of its machines. */
const mostFailures = 3;

/**
 * Has a script do a piece of work, and gives its result. Nothing is done twice where an earlier attempt has begun it;
 * each start writes under a name of its own.
 * @throws MigrationError the script's own; GLUE_JOB, GLUE_ACCESS, GLUE_UNAVAILABLE, GLUE_RUN, GLUE_RUNS_SPENT; STORAGE_*;
 * what the watch throws; the signal's reason
 */
export async function performJob<Result extends JobResult>(
  glueJob: GlueJob,
  work: JobWork<Result>,
): Promise<Result> {
  const { services, job, settings, identity, watch } = glueJob;
  const { api, readLog, times = jobTimes } = services;
  const resultOf = (run: JobRun) => readResultOf(run, identity, work);
  const call: JobCall = {
    job,
    settings,
    since: identity.since,
    owns: (run) => attemptOf(run, identity) !== undefined,
    prepare: () => prepare(glueJob, work),
    usable: async (run) => (await resultOf(run).catch(() => undefined)) !== undefined,
  };
  const { run, failed } = await runJob(api, call, watch, times, watch.leave);
  const spentNow = failed >= mostFailures;
  try {
    const result = await resultOf(run);
    if (fateOf(run.state) === 'succeeded' && result !== undefined) return result;
  } catch (error) {
    throw spentNow ? spent(error, failed) : error;
  }
  const failure = await runFailure(run, readLog);
  throw spentNow ? spent(failure, failed) : failure;
}

async function prepare<Result extends JobResult>(
  { services, job, identity }: GlueJob,
  { bucket, prefix, request }: JobWork<Result>,
): Promise<Readonly<Record<string, string>>> {
  await requireJob(services.api, job);
  // Of its own for each start: two runs never share what they write, even where an answer was lost.
  const attempt = `${identity.key}-${randomUUID().slice(0, 8)}`;
  const folder = attemptPrefix(prefix, attempt);
  await writeRequest(bucket, folder, request({ bucket: bucket.url, prefix, attempt }));
  return { [jobArguments.request]: requestAddress(bucket, folder), [jobArguments.attempt]: attempt };
}

/** The attempt of this work that a run is for; undefined for a run of other work. */
function attemptOf(run: JobRun, { key }: WorkIdentity): string | undefined {
  const attempt = run.arguments[jobArguments.attempt] ?? '';
  const own = attempt.startsWith(`${key}-`) && /^[0-9a-f]{8}$/.test(attempt.slice(key.length + 1));
  return own ? attempt : undefined;
}

/** What the run's script has left beside its request; undefined where it has left nothing. */
async function readResultOf<Result extends JobResult>(
  run: JobRun,
  identity: WorkIdentity,
  work: JobWork<Result>,
): Promise<Result | undefined> {
  const attempt = attemptOf(run, identity);
  return attempt === undefined ? undefined : readResult(work, attempt);
}
