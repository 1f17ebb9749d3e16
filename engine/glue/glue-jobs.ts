import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { MigrationError } from '../errors.js';
import type { Bucket } from '../storage/bucket.js';
import { attemptPrefix, type ObjectKey } from '../storage/keys.js';
import type { ReadDriverLog } from './driver-log.js';
import type { GlueApi, JobRun, RunSettings } from './glue-api.js';
import { readResult, requestAddress, writeRequest } from './job-files.js';
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
import { type JobTimes, type JobWatch, jobTimes } from './start-run.js';

/** What runs jobs: Glue, and where their logs are. */
export interface GlueServices {
  readonly api: GlueApi;
  readonly readLog: ReadDriverLog;
  readonly times?: JobTimes;
}

/** What all attempts of a piece of work have in common, and no other work. */
export interface WorkIdentity {
  /** Letters, digits, `-`, `_` and inner dots. */
  readonly key: string;
  /** When the first attempt may have begun. */
  readonly since: Date;
}

export interface JobWork<Result> extends WorkIdentity {
  readonly job: string;
  readonly settings: RunSettings;
  /** Where request, parts and result rest, under the window's prefix. */
  readonly bucket: Bucket;
  readonly prefix: ObjectKey;
  readonly request: (output: JobOutput) => ExportJobRequest | TransformJobRequest;
  readonly result: z.ZodType<Result>;
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
export async function performJob<Result>(
  { api, readLog, times = jobTimes }: GlueServices,
  work: JobWork<Result>,
  watch: Watching,
): Promise<Result> {
  const { run, failed } = await runJob(
    api,
    {
      ...work,
      prepare: () => prepare(api, work),
      usable: async (run) => (await resultOf(work, run).catch(() => undefined)) !== undefined,
    },
    watch,
    times,
    watch.leave,
  );
  const spentNow = failed >= mostFailures;
  try {
    const result = await resultOf(work, run);
    if (fateOf(run.state) === 'succeeded' && result !== undefined) return result;
  } catch (error) {
    throw spentNow ? spent(error, failed) : error;
  }
  const failure = await runFailure(run, readLog);
  throw spentNow ? spent(failure, failed) : failure;
}

async function prepare<Result>(
  api: GlueApi,
  work: JobWork<Result>,
): Promise<Readonly<Record<string, string>>> {
  const { job, bucket, prefix, key, request } = work;
  await requireJob(api, job);
  const attempt = `${key}-${randomUUID().slice(0, 8)}`;
  const output = { bucket: `${bucket.url.replace(/\/$/, '')}/`, prefix, attempt };
  await writeRequest(bucket, attemptPrefix(prefix, attempt), request(output));
  return { [jobArguments.request]: requestAddress(bucket, attemptPrefix(prefix, attempt)) };
}

/** What the run's script has left beside its request; undefined where it has left nothing. */
async function resultOf<Result>(
  { bucket, prefix, key, result }: JobWork<Result>,
  run: JobRun,
): Promise<Result | undefined> {
  const address = run.arguments[jobArguments.request] ?? '';
  const attempt = address.split('/').at(-2) ?? '';
  const folder = attemptPrefix(prefix, attempt);
  if (!attempt.startsWith(`${key}-`) || address !== requestAddress(bucket, folder))
    throw new MigrationError(
      'GLUE_RUN',
      `Run ${run.id} of job '${run.job}' has another request than the engine gave it; it is not used.`,
    );
  return readResult(bucket, folder, attempt, result);
}
