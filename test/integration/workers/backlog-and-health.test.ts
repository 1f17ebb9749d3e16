import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { type MotoServer, startMoto } from '../../../sandbox/services/moto';
import { backlogMetrics, readBacklog } from '../../../workers/backlog';
import { workflowIds } from '../../../workflows/messages';
import { taskQueue } from '../../../workflows/options';
import { startTestTemporal, workflowBundle } from '../../support/temporal';

const root = resolve(__dirname, '../../..');
const metricNamespace = 'Migration/test';
let temporal: TestWorkflowEnvironment;
let moto: MotoServer;
let worker: Worker;
let ended: Promise<void>;

beforeAll(async () => {
  temporal = await startTestTemporal();
  moto = await startMoto({ directory: mkdtempSync(join(tmpdir(), 'moto-')) });
  worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
  });
  ended = worker.run();
}, 120_000);
afterAll(async () => {
  worker?.shutdown();
  await ended;
  await moto?.stop();
  await temporal?.teardown();
});

/** A script of the product as a process, with this test's servers. */
function run(args: readonly string[], changes: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(join(root, 'node_modules/.bin/tsx'), args, {
    cwd: root,
    env: {
      ...process.env,
      ...moto.environment,
      AWS_REGION: 'eu-west-1',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace ?? 'default',
      ...changes,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** The latest value of each metric in CloudWatch. */
async function published(): Promise<Record<string, number | undefined>> {
  const client = new CloudWatchClient({
    region: 'eu-west-1',
    endpoint: moto.endpoint,
    credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
  });
  const period = {
    StartTime: new Date(Date.now() - 3_600_000),
    EndTime: new Date(Date.now() + 60_000),
    Period: 3_600,
  };
  const found = await Promise.all(
    backlogMetrics.map(async (MetricName) => {
      const request = { Namespace: metricNamespace, MetricName, Statistics: ['Maximum' as const], ...period };
      const { Datapoints = [] } = await client.send(new GetMetricStatisticsCommand(request));
      return [MetricName, Datapoints[0]?.Maximum] as const;
    }),
  );
  client.destroy();
  return Object.fromEntries(found);
}

async function eventually<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (good(answer) || Date.now() > until) return answer;
    await new Promise((done) => setTimeout(done, 500));
  }
}

test('activities that nobody takes are told to CloudWatch until the publisher is stopped', async () => {
  await temporal.client.workflow.start('migrateCategory', {
    taskQueue,
    workflowId: workflowIds.category('cell_perf_stats'),
    args: [{ category: 'cell_perf_stats' }],
  });
  const look = () => readBacklog(temporal.connection, temporal.namespace ?? 'default');
  const backlog = await eventually(look, ({ waiting, runsActive }) => waiting > 0 && runsActive > 0);
  expect(backlog).toEqual({ waiting: 1, workers: 0, runsActive: 1 });

  const args = ['workers/backlog-publisher.ts', '--metric-namespace', metricNamespace, '--every', '1'];
  const publisher = run(args);
  const exit = once(publisher, 'exit');
  const values = await eventually(published, (metrics) => !Object.values(metrics).includes(undefined));
  expect(values).toEqual({ Backlog: 1, Workers: 0, RunsActive: 1, BacklogPerWorker: 1 });
  publisher.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
}, 150_000);

/** One health check of a container that keeps its files in `TMPDIR`: exit code, and what it says. */
async function health(role: string, changes: Readonly<Record<string, string>>): Promise<[number, string]> {
  const check = run(['workers/health.ts', '--role', role], changes);
  let told = '';
  check.stderr?.on('data', (data: Buffer) => {
    told += data.toString();
  });
  const [code] = (await once(check, 'close')) as [number];
  return [code, told];
}

test.each([
  ['workflows', 0, /^$/],
  ['activities', 1, /does not poll for tasks of activities/],
  ['all', 1, /does not poll for tasks of activities/],
])(
  'beside a worker for workflows alone, health of role %s ends with %d',
  async (role, code, says) => {
    const TMPDIR = mkdtempSync(join(tmpdir(), 'health-'));
    expect(await health(role, { TMPDIR })).toEqual([code, expect.stringMatching(says)]);
  },
  60_000,
);

test('where Temporal does not answer, a container stays what it was: healthy, or not yet', async () => {
  const TMPDIR = mkdtempSync(join(tmpdir(), 'health-'));
  const nobody = { TMPDIR, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  expect(await health('workflows', nobody)).toEqual([1, expect.not.stringContaining('healthy')]);
  expect(await health('workflows', { TMPDIR })).toEqual([0, '']);
  expect(await health('workflows', nobody)).toEqual([0, expect.stringMatching(/^Taken as healthy: /)]);
}, 60_000);
