import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateJobCommand, GlueClient } from '@aws-sdk/client-glue';
import { createGlueApi, type GlueApi } from '../../../engine/glue/glue-api.js';
import { scriptVersion } from '../../../engine/glue/job-request.js';
import { requireJob } from '../../../engine/glue/require-job.js';
import { runJob } from '../../../engine/glue/run-job.js';
import type { JobCall, JobWatch } from '../../../engine/glue/start-run.js';
import { type MotoServer, startMoto } from '../../../sandbox/services/moto.js';

const times = { poll: { first: 20, longest: 50 }, room: { first: 20, longest: 50 }, stopMs: 1_000 };
const mark = '--chunk_attempt';

let directory: string;
let moto: MotoServer;
let api: GlueApi;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moto-'));
  moto = await startMoto({ directory });
  Object.assign(process.env, moto.environment);
  api = createGlueApi(moto.endpoint);
  // Each look moves a run on by one state.
  await fetch(`${moto.endpoint}/moto-api/state-manager/set-transition`, {
    method: 'POST',
    body: JSON.stringify({
      model_name: 'glue::job_run',
      transition: { progression: 'manual', times: 1 },
    }),
  });
}, 120_000);
afterAll(async () => {
  await moto?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function createJob(name: string): Promise<void> {
  const client = new GlueClient({ endpoint: moto.endpoint });
  await client.send(
    new CreateJobCommand({
      Name: name,
      Role: 'glue',
      Command: { Name: 'glueetl', ScriptLocation: 's3://scripts/export.py' },
      DefaultArguments: { '--script_version': scriptVersion },
      ExecutionProperty: { MaxConcurrentRuns: 1 },
    }),
  );
}

function call(job: string, attempt: string): JobCall {
  return {
    job,
    since: new Date(),
    settings: { timeoutMinutes: 5, workerType: 'G.1X', workers: 2 },
    owns: (run) => run.arguments[mark] === attempt,
    prepare: async () => ({ [mark]: attempt }),
    usable: async () => true,
  };
}

const watch = (over: Partial<JobWatch> = {}): JobWatch => ({
  signal: new AbortController().signal,
  moved: () => undefined,
  waiting: () => undefined,
  refused: () => undefined,
  hold: async () => ({ check: async () => undefined, release: async () => undefined }),
  ...over,
});

it("finds a job's version, and says which job is absent", async () => {
  await createJob('present');
  await expect(requireJob(api, 'present')).resolves.toBeUndefined();
  await expect(requireJob(api, 'absent')).rejects.toMatchObject({
    code: 'GLUE_JOB',
    message: expect.stringContaining("there is no job 'absent'"),
  });
});

it('runs a job through its states, and takes over what a retry finds', async () => {
  await createJob('steps');
  const states: string[] = [];
  const first = await runJob(
    api,
    call('steps', 'a'),
    watch({ moved: (state) => states.push(state) }),
    times,
    () => false,
  );
  expect(states).toEqual(['RUNNING', 'SUCCEEDED']);
  const again = await runJob(api, call('steps', 'a'), watch(), times, () => false);
  expect(again.run.id).toBe(first.run.id);
  const other = await runJob(api, call('steps', 'b'), watch(), times, () => false);
  expect(other.run.id).not.toBe(first.run.id);
});

it('waits until a job that runs once at a time has room', async () => {
  await createJob('alone');
  const busy = await api.start('alone', {}, { timeoutMinutes: 5 });
  const refused: string[] = [];
  const { run } = await runJob(
    api,
    call('alone', 'a'),
    watch({
      refused: (reason) => {
        refused.push(reason);
        // As time passes.
        void api.run('alone', busy);
      },
    }),
    times,
    () => false,
  );
  expect(refused[0]).toBe('ConcurrentRunsExceededException');
  expect(run.state).toBe('SUCCEEDED');
  expect(run.id).not.toBe(busy);
});
