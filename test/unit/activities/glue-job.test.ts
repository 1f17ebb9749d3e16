import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { glueJob, holdNothing } from '../../../activities/glue-job.js';
import { runStep } from '../../../activities/step.js';
import { createDriverLog } from '../../../engine/glue/driver-log.js';
import { createGlueApi } from '../../../engine/glue/glue-api.js';
import { performJob } from '../../../engine/glue/glue-jobs.js';
import {
  type ExportJobRequest,
  exportResultSchema,
  scriptVersion,
} from '../../../engine/glue/job-request.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { transformedPrefix } from '../../../engine/storage/keys.js';
import { type GlueServer, startGlueServer } from '../../support/glue-server.js';

const job = 'perf_rawToTransformed';
const times = { poll: { first: 20, longest: 50 }, room: { first: 20, longest: 50 }, stopMs: 5_000 };
const chunk = { target: 'perf', server: 's', database: 'd', window: { label: '20250101' } };
const config = { logLevel: 'ERROR', glue: { timeoutMinutes: 60 } } as const;

let glue: GlueServer;
let folder: string;

beforeEach(async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  });
  glue = await startGlueServer();
  glue.jobs.set(job, { defaultArguments: { '--script_version': scriptVersion }, maxRetries: 0 });
  glue.onStart = (run) => {
    run.states = ['WAITING', 'RUNNING'];
  };
  glue.onStop = (run) => {
    run.states = ['STOPPING', 'STOPPING', 'STOPPED'];
  };
  folder = await mkdtemp(join(tmpdir(), 'glue-'));
});
afterEach(async () => {
  await glue.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a job that never ends until its activity is cancelled for `reason`. */
async function cancelledFor(reason: string): Promise<unknown> {
  const environment = new MockActivityEnvironment({ attempt: 1, scheduledTimestampMs: Date.now() });
  const services = { api: createGlueApi(glue.endpoint), readLog: createDriverLog(glue.endpoint), times };
  const running = environment.run(() =>
    runStep((step) => {
      const use = { job, part: 'transform', work: {}, hold: holdNothing };
      const prefix = transformedPrefix({ category: 'perf', ...chunk, window: chunk.window.label });
      return performJob(glueJob({ glue: services }, config, step, use), {
        bucket: createFileBucket(folder),
        prefix,
        request: (output) => ({ output }) as unknown as ExportJobRequest,
        result: exportResultSchema,
        written: (result) => [{ ...result, prefix }],
      });
    }),
  ) as Promise<unknown>;
  const outcome = running.catch((error: unknown) => error);
  while (glue.runs[0]?.states[0] !== 'RUNNING') await new Promise((resolve) => setTimeout(resolve, 20));
  environment.cancel(reason as Parameters<typeof environment.cancel>[0]);
  return outcome;
}

it.each(['CANCELLED', 'PAUSED', 'NOT_FOUND'])(
  'a step that ends as %s has stopped its run',
  async (reason) => {
    await expect(cancelledFor(reason)).resolves.toMatchObject({ name: 'CancelledFailure' });
    expect(glue.runs[0]?.states).toEqual(['STOPPED']);
  },
);

it.each(['WORKER_SHUTDOWN', 'TIMED_OUT', 'RESET'])(
  'a step that ends as %s leaves its run to the next attempt, which finds it',
  async (reason) => {
    await expect(cancelledFor(reason)).resolves.toMatchObject({ name: 'CancelledFailure' });
    expect(glue.calls).not.toContain('BatchStopJobRun');
    await cancelledFor('CANCELLED');
    expect(glue.runs).toHaveLength(1);
    expect(glue.runs[0]?.states).toEqual(['STOPPED']);
  },
);
