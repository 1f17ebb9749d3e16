import {
  BatchStopJobRunCommand,
  GetJobCommand,
  GetJobRunCommand,
  GlueClient,
  type JobRun as GlueJobRun,
  paginateGetJobRuns,
  StartJobRunCommand,
  type WorkerType,
} from '@aws-sdk/client-glue';
import { glueError } from './glue-error.js';

interface JobDefinition {
  readonly defaultArguments: Readonly<Record<string, string>>;
  /** How often Glue itself starts a failed run again. */
  readonly maxRetries: number;
}

export interface JobRun {
  readonly job: string;
  readonly id: string;
  readonly state: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly startedAt: Date;
  /** Glue's own words about a failure; they may quote values of rows. */
  readonly errorMessage?: string;
  /** `/aws-glue/jobs`, or what the job's security configuration makes of it. */
  readonly logGroup: string;
}

export interface RunSettings {
  /** Minutes after which Glue ends the run. */
  readonly timeoutMinutes: number;
  /** Absent: as the job is defined. */
  readonly workerType?: string;
  readonly workers?: number;
}

/** The five calls that the engine makes. All throw MigrationError GLUE_*, but `start`, whose errors mean different things. */
export interface GlueApi {
  job(name: string): Promise<JobDefinition>;
  /** Starts a run and gives its id. Sent once; throws the service's error as it is. */
  start(job: string, args: Readonly<Record<string, string>>, settings: RunSettings): Promise<string>;
  run(job: string, id: string): Promise<JobRun>;
  /** All runs of a job, the newest first. */
  runs(job: string): AsyncIterable<JobRun>;
  /** Asks for a run's end; it is still there for a while. No error where it has ended already. */
  stop(job: string, id: string): Promise<void>;
}

/** Glue by the ordinary AWS environment: credentials, region, AWS_ENDPOINT_URL_GLUE. */
export function createGlueApi(endpoint?: string): GlueApi {
  const place = endpoint === undefined ? {} : { endpoint };
  const client = new GlueClient(place);
  // A repeated StartJobRun is a second run: Glue has no token by which it would know the first.
  const once = new GlueClient({ ...place, maxAttempts: 1 });
  return {
    job: (name) =>
      mapped('glue:GetJob', `job '${name}'`, async () => {
        const { Job } = await client.send(new GetJobCommand({ JobName: name }));
        return { defaultArguments: Job?.DefaultArguments ?? {}, maxRetries: Job?.MaxRetries ?? 0 };
      }),
    async start(job, args, { timeoutMinutes, workerType, workers }) {
      const { JobRunId } = await once.send(
        new StartJobRunCommand({
          JobName: job,
          Arguments: { ...args },
          Timeout: timeoutMinutes,
          ...(workerType !== undefined && { WorkerType: workerType as WorkerType }),
          ...(workers !== undefined && { NumberOfWorkers: workers }),
        }),
      );
      if (JobRunId === undefined) throw new Error('StartJobRun gave no id.');
      return JobRunId;
    },
    run: (job, id) =>
      mapped('glue:GetJobRun', `run ${id} of job '${job}'`, async () => {
        const { JobRun } = await client.send(new GetJobRunCommand({ JobName: job, RunId: id }));
        return runOf(job, JobRun ?? {});
      }),
    runs: (job) => runsOf(client, job),
    stop: (job, id) =>
      mapped('glue:BatchStopJobRun', `run ${id} of job '${job}'`, async () => {
        // Its list of errors is for runs that have ended by themselves; who waits for the end sees the others.
        await client.send(new BatchStopJobRunCommand({ JobName: job, JobRunIds: [id] }));
      }),
  };
}

const pageSize = 200;

async function* runsOf(client: GlueClient, job: string): AsyncIterable<JobRun> {
  const pages = paginateGetJobRuns({ client, pageSize }, { JobName: job });
  const pager = pages[Symbol.asyncIterator]();
  for (;;) {
    const page = await mapped('glue:GetJobRuns', `job '${job}'`, () => pager.next());
    if (page.done) return;
    for (const run of page.value.JobRuns ?? []) yield runOf(job, run);
  }
}

function runOf(job: string, run: GlueJobRun): JobRun {
  return {
    job,
    id: run.Id ?? '',
    state: run.JobRunState ?? 'without a state',
    arguments: run.Arguments ?? {},
    // Absent while a run is queued.
    startedAt: run.StartedOn ?? new Date(),
    ...(run.ErrorMessage !== undefined && { errorMessage: run.ErrorMessage }),
    logGroup: run.LogGroupName ?? '/aws-glue/jobs',
  };
}

async function mapped<T>(action: string, resource: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw glueError(error, { action, resource });
  }
}
