import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createDriverLog } from '../../../engine/glue/driver-log.js';
import { createGlueApi } from '../../../engine/glue/glue-api.js';
import { performJob, type Watching } from '../../../engine/glue/glue-jobs.js';
import {
  type ExportJobRequest,
  exportResultSchema,
  type JobOutput,
  scriptVersion,
} from '../../../engine/glue/job-request.js';
import { createFileBucket } from '../../../engine/storage/file-bucket.js';
import { transformedPrefix } from '../../../engine/storage/keys.js';
import { type GlueServer, type StandInRun, startGlueServer } from '../../support/glue-server.js';

const job = 'perf_rawToTransformed';
const prefix = transformedPrefix({
  category: 'perf',
  target: 'perf',
  server: 's',
  database: 'd',
  window: '20250101',
});
const times = { poll: { first: 5, longest: 10 }, room: { first: 5, longest: 10 }, stopMs: 2_000 };
/** What the stand-in for a script leaves, beside its version and attempt. */
const made = {
  state: 'done',
  parts: [],
  rows: 0,
  bytes: 0,
  checksum: { rows: 0, sum: '0000000000000000' },
  source: { checksum: { rows: 0, sum: '0000000000000000' }, method: 'server' },
};

let glue: GlueServer;
let folder: string;
let held: number;
let holds: readonly number[];
let refused: string[];
let moved: string[];
let abort: AbortController;

beforeEach(async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  });
  glue = await startGlueServer();
  glue.jobs.set(job, { defaultArguments: { '--script_version': scriptVersion }, maxRetries: 0 });
  folder = await mkdtemp(join(tmpdir(), 'glue-'));
  held = 0;
  holds = [];
  refused = [];
  moved = [];
  abort = new AbortController();
});
afterEach(async () => {
  await glue.close();
  await rm(folder, { recursive: true, force: true });
});

const bucket = () => createFileBucket(folder);

function perform({
  key = 'run-1',
  watch = {},
}: {
  readonly key?: string;
  readonly watch?: Partial<Watching>;
} = {}) {
  return performJob(
    {
      services: { api: createGlueApi(glue.endpoint), readLog: createDriverLog(glue.endpoint), times },
      job,
      settings: { timeoutMinutes: 60, workerType: 'G.1X', workers: 3 },
      identity: { key, since: new Date() },
      watch: { ...watchOf(), ...watch },
    },
    {
      bucket: bucket(),
      prefix,
      request: (output) => ({ output }) as unknown as ExportJobRequest,
      result: exportResultSchema,
      written: (result) => [{ ...result, prefix }],
    },
  );
}

const watchOf = (): Watching => ({
  signal: abort.signal,
  moved: (state) => moved.push(state),
  waiting: () => undefined,
  refused: (reason) => refused.push(reason),
  hold: async () => {
    held += 1;
    holds = [...holds, held];
    return {
      check: async () => undefined,
      release: async () => {
        held -= 1;
      },
    };
  },
  leave: () => false,
});

const requestKey = ({ arguments: args }: StandInRun): string =>
  (args['--request'] ?? '').slice(pathToFileURL(folder).href.length + 1);

async function leaveResult(run: StandInRun, result: Record<string, unknown>): Promise<void> {
  const key = requestKey(run);
  const { output } = JSON.parse((await bucket().get(key))?.body ?? '') as { output: JobOutput };
  const body = { scriptVersion, attempt: output.attempt, ...result };
  await bucket().put(key.replace('request.json', 'result.json'), JSON.stringify(body));
}

/** A run that leaves a result and takes these states. */
function scripted(states: readonly string[], result?: Record<string, unknown>, errorMessage?: string) {
  return (run: StandInRun): void => {
    run.states = ['STARTING'];
    if (errorMessage !== undefined) run.errorMessage = errorMessage;
    const end = (): void => {
      run.states = [...states];
    };
    if (result === undefined) end();
    else void leaveResult(run, result).then(end);
  };
}

const ends = (...states: readonly string[]) => scripted(states, made);

describe('a job of Glue', () => {
  it('runs with its request and gives what its script has left', async () => {
    glue.onStart = ends('WAITING', 'STARTING', 'RUNNING', 'SUCCEEDED');
    await expect(perform()).resolves.toMatchObject(made);
    const [run] = glue.runs;
    expect(run?.arguments).toEqual({
      '--chunk_attempt': expect.stringMatching(/^run-1-[0-9a-f]{8}$/),
      '--request': expect.stringMatching(
        /^file:\/\/.*\/perf\/perf\/s\/d\/2025\/01\/01\/run-1-[0-9a-f]{8}\/request\.json$/,
      ),
    });
    expect(run?.settings).toMatchObject({ Timeout: 60, WorkerType: 'G.1X', NumberOfWorkers: 3 });
    expect(moved.at(-1)).toBe('SUCCEEDED');
    expect(held).toBe(0);
  });

  it.each(['FAILED', 'TIMEOUT', 'ERROR', 'EXPIRED', 'STOPPED'])(
    'that ends as %s is a failure that is tried again, with the state and what to do',
    async (state) => {
      glue.onStart = scripted(['RUNNING', state]);
      const failure = perform();
      await expect(failure).rejects.toMatchObject({ code: 'GLUE_RUN', retryable: true });
      await expect(failure).rejects.toThrow(`Run jr_1 of job '${job}' ended as ${state}.`);
      expect(held).toBe(0);
    },
  );

  it('in a state that nobody knows is stopped, not looked at for ever', async () => {
    glue.onStart = scripted(['RUNNING', 'PAUSED_FOR_REVIEW']);
    await expect(perform()).rejects.toThrow(/state 'PAUSED_FOR_REVIEW', which this version does not know/);
    expect(glue.runs[0]?.states).toEqual(['STOPPED']);
    expect(held).toBe(0);
  });

  it("tells the script's own error under its own code", async () => {
    glue.onStart = scripted(['RUNNING', 'FAILED'], {
      state: 'failed',
      code: 'JOIN_FANOUT',
      message: 'a key of ue_statistics_data is not unique',
    });
    await expect(perform()).rejects.toMatchObject({
      code: 'JOIN_FANOUT',
      retryable: false,
      message: 'a key of ue_statistics_data is not unique',
    });
  });

  it('that fails without a word of its script tells the end of the log, and no value of a row', async () => {
    glue.onStart = scripted(
      ['RUNNING', 'FAILED'],
      undefined,
      "SparkNumberFormatException: [CAST_INVALID_INPUT] The value 'Jane Doe' of the type STRING cannot be cast",
    );
    glue.logs.set('/aws-glue/jobs/error jr_1', [
      'reading row 4711 of Jane Doe',
      '  File "/tmp/transform.py", line 42, in main',
      "org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT] The value 'Jane Doe' of the type STRING",
    ]);
    const failure = await perform().catch((error: Error) => error.message);
    expect(failure).toContain('Glue says: SparkNumberFormatException [CAST_INVALID_INPUT].');
    expect(failure).toContain(
      '/aws-glue/jobs/error, stream jr_1, ends with: transform.py", line 42, in main | ' +
        'org.apache.spark.SparkNumberFormatException',
    );
    expect(failure).not.toMatch(/Jane|4711/);
  });

  it('that succeeds without a result is a failure', async () => {
    glue.onStart = scripted(['SUCCEEDED']);
    await expect(perform()).rejects.toThrow(/succeeded without leaving a result/);
  });

  it('is given up after three runs that failed', async () => {
    glue.onStart = scripted(['RUNNING', 'FAILED']);
    await expect(perform()).rejects.toMatchObject({ code: 'GLUE_RUN' });
    await expect(perform()).rejects.toMatchObject({ code: 'GLUE_RUN' });
    await expect(perform()).rejects.toMatchObject({ code: 'GLUE_RUNS_SPENT', retryable: false });
    expect(glue.runs).toHaveLength(3);
  });
});

describe('Glue without room', () => {
  it.each(['ConcurrentRunsExceededException', 'ResourceNumberLimitExceededException', 'ThrottlingException'])(
    '%s is waited out, with nothing held at the source meanwhile',
    async (error) => {
      glue.onStart = ends('SUCCEEDED');
      glue.faults.set('StartJobRun', [{ error }, { error }]);
      await expect(perform()).resolves.toMatchObject(made);
      expect(refused).toEqual([error, error]);
      expect(holds).toEqual([1, 1, 1]);
      expect(glue.runs).toHaveLength(1);
      expect(held).toBe(0);
    },
  );

  it('is left when the step is cancelled', async () => {
    glue.faults.set('StartJobRun', Array(1_000).fill({ error: 'ConcurrentRunsExceededException' }));
    const reason = new Error('cancelled');
    const performing = perform({ watch: { refused: () => abort.abort(reason) } });
    await expect(performing).rejects.toBe(reason);
    expect(glue.runs).toHaveLength(0);
    expect(held).toBe(0);
  });

  it('or throttling a look at the run delays, and changes nothing', async () => {
    glue.onStart = ends('RUNNING', 'SUCCEEDED');
    glue.faults.set('GetJobRun', [
      { error: 'ThrottlingException' },
      { error: 'InternalServiceException', status: 500 },
      'cut',
    ]);
    await expect(perform()).resolves.toMatchObject(made);
    expect(glue.runs).toHaveLength(1);
  });
});

describe('a retry', () => {
  it.each(['lost', { error: 'InternalServiceException', status: 500 }] as const)(
    'takes over a run whose start has no answer (%j), or starts one where none began',
    async (fault) => {
      glue.onStart = ends('STARTING', 'STARTING', 'STARTING', 'RUNNING', 'SUCCEEDED');
      glue.faults.set('StartJobRun', [fault]);
      await perform().catch((error: { code: string }) => expect(error.code).toBe('GLUE_UNAVAILABLE'));
      await expect(perform()).resolves.toMatchObject(made);
      expect(glue.runs).toHaveLength(1);
    },
  );

  it('goes on with the run of an attempt whose worker was lost', async () => {
    glue.onStart = ends('RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'SUCCEEDED');
    const lost = new Error('worker shut down');
    const first = perform({ watch: { moved: () => abort.abort(lost), leave: (reason) => reason === lost } });
    await expect(first).rejects.toBe(lost);
    expect(glue.calls).not.toContain('BatchStopJobRun');
    abort = new AbortController();
    await expect(perform()).resolves.toMatchObject(made);
    expect(glue.runs).toHaveLength(1);
  });

  it('takes the result of a run that has ended meanwhile, behind newer runs of other chunks', async () => {
    glue.onStart = ends('SUCCEEDED');
    await perform();
    for (const key of ['run-2', 'run-3', 'run-4', 'run-5']) await perform({ key });
    await expect(perform()).resolves.toMatchObject(made);
    expect(glue.runs).toHaveLength(5);
  });

  it('does not take what is left of a run that a longer key names', async () => {
    glue.onStart = ends('SUCCEEDED');
    await perform({ key: 'run-1-2' });
    await perform();
    expect(glue.runs).toHaveLength(2);
  });

  it('keeps the first of two runs that lost answers have led to, and stops the other', async () => {
    glue.onStart = scripted(['RUNNING']);
    const gone = new Error('gone');
    const left = perform({ watch: { moved: () => abort.abort(gone), leave: () => true } });
    await expect(left).rejects.toBe(gone);
    const [first] = glue.runs;
    if (first === undefined) throw new Error('nothing was started');
    const second = { ...first, id: 'jr_2', startedOn: first.startedOn + 5 };
    glue.runs.push(second);
    await leaveResult(first, made);
    first.states = ['RUNNING', 'SUCCEEDED'];
    abort = new AbortController();
    await expect(perform()).resolves.toMatchObject(made);
    expect(second.states.at(-1)).toBe('STOPPED');
    expect(glue.runs).toHaveLength(2);
  });
});

describe('a step that is cancelled', () => {
  it('has stopped its run when it ends, and gives back what it held only then', async () => {
    glue.onStart = scripted(['RUNNING']);
    const heldWhenStopping: number[] = [];
    glue.onStop = (run) => {
      heldWhenStopping.push(held);
      run.states = ['STOPPING', 'STOPPING', 'STOPPED'];
    };
    const reason = new Error('paused');
    await expect(perform({ watch: { moved: () => abort.abort(reason) } })).rejects.toBe(reason);
    expect(glue.runs[0]?.states).toEqual(['STOPPED']);
    expect(heldWhenStopping).toEqual([1]);
    expect(held).toBe(0);
  });

  it('stops its run when what it holds at the source is lost', async () => {
    glue.onStart = scripted(['RUNNING']);
    const lost = new Error('the session is gone');
    const hold: Watching['hold'] = async () => ({
      check: () => Promise.reject(lost),
      release: async () => undefined,
    });
    await expect(perform({ watch: { hold } })).rejects.toBe(lost);
    expect(glue.runs[0]?.states).toEqual(['STOPPED']);
  });
});

describe('bad input', () => {
  it('an absent job is told before anything is written or started', async () => {
    glue.jobs.clear();
    await expect(perform()).rejects.toMatchObject({ code: 'GLUE_JOB', retryable: false });
    expect(glue.calls).not.toContain('StartJobRun');
    expect(held).toBe(0);
  });

  it.each([
    [{ defaultArguments: {}, maxRetries: 0 }, /has no default argument --script_version/],
    [{ defaultArguments: { '--script_version': '0' }, maxRetries: 0 }, /runs version 0 of the scripts/],
    [{ defaultArguments: { '--script_version': scriptVersion }, maxRetries: 1 }, /MaxRetries 1/],
  ])('a job of another kind is refused: %j', async (definition, message) => {
    glue.jobs.set(job, definition);
    await expect(perform()).rejects.toThrow(message);
    expect(glue.calls).not.toContain('StartJobRun');
  });

  it('a right that is missing is named with its resource', async () => {
    glue.faults.set('StartJobRun', [{ error: 'AccessDeniedException' }]);
    const failure = perform();
    await expect(failure).rejects.toMatchObject({ code: 'GLUE_ACCESS', retryable: false });
    await expect(failure).rejects.toThrow(/glue:StartJobRun on job 'perf_rawToTransformed'/);
  });

  it.each([
    ['scriptVersion', { scriptVersion: '0' }],
    ['attempt', { attempt: 'run-2-00000000' }],
    ['parts', { parts: [{ key: 'elsewhere/part-00000.parquet', rows: 0, bytes: 0 }] }],
    ['rows', { rows: 1 }],
    ['bytes', { bytes: 1 }],
    ['source', { source: undefined }],
  ])('a result that is wrong in %s is refused', async (field, wrong) => {
    glue.onStart = scripted(['SUCCEEDED'], { ...made, ...wrong });
    await expect(perform()).rejects.toMatchObject({
      code: 'GLUE_JOB',
      message: expect.stringContaining(`wrong in ${field}.`),
    });
  });
});
