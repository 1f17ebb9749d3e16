import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTestTemporal } from '../../support/temporal.js';

jest.setTimeout(120_000);

const project = resolve(__dirname, '../../..');
const cores = cpus().length;

describe('npm run worker -- --processes', () => {
  let temporal: TestWorkflowEnvironment;
  let directory: string;
  let launcher: ChildProcess | undefined;
  beforeAll(async () => {
    temporal = await startTestTemporal();
    directory = mkdtempSync(join(tmpdir(), 'processes-'));
  });
  afterEach(() => launcher?.kill('SIGKILL'));
  afterAll(async () => {
    await temporal?.teardown();
    rmSync(directory, { recursive: true, force: true });
  });

  const launch = (processes: number | string) => {
    const bucket = `file://${directory}/bucket`;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'workers/main.ts', '--role', 'activities', '--processes', `${processes}`],
      {
        cwd: project,
        env: {
          ...process.env,
          TEMPORAL_ADDRESS: temporal.address,
          TEMPORAL_NAMESPACE: temporal.namespace ?? 'default',
          RDS_ENDPOINT: 'localhost:1',
          RDS_USER: 'nobody',
          RDS_PASSWORD: 'nothing',
          RAW_BUCKET: bucket,
          TRANSFORMED_BUCKET: bucket,
          STATS_BUCKET: bucket,
          SPILL_DIR: join(directory, 'spill'),
        },
      },
    );
    launcher = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    return { child, exited: once(child, 'exit'), output: () => output };
  };
  const ready = async (output: () => string, wanted: number): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (output().split('worker is ready').length - 1 < wanted) {
      if (Date.now() > deadline) throw new Error(output());
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const childrenOf = (pid: number | undefined): readonly number[] =>
    execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='])
      .toString()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, ...args]) => Number(parent) === pid && args.join(' ').includes('activity-worker'))
      .map(([own]) => Number(own));

  it('runs as many as were asked for, and drains them all when it is told to stop', async () => {
    const { child, exited, output } = launch(Math.min(2, cores));
    await ready(output, Math.min(2, cores));
    const workers = childrenOf(child.pid);
    expect(workers).toHaveLength(Math.min(2, cores));
    child.kill('SIGTERM');
    await expect(exited).resolves.toEqual([0, null]);
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(output().split('Stopping: running steps').length - 1).toBe(workers.length);
  });

  it('stops all and fails where one is lost', async () => {
    const { child, exited, output } = launch(Math.min(2, cores));
    await ready(output, Math.min(2, cores));
    const workers = childrenOf(child.pid);
    process.kill(workers[0] ?? 0, 'SIGKILL');
    await expect(exited).resolves.toEqual([1, null]);
    expect(output()).toContain('The activities worker ended (SIGKILL); stopping.');
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it.each(['0', '1.5', 'all', `${cores + 1}`])('refuses %s processes', async (processes) => {
    const { exited, output } = launch(processes);
    await expect(exited).resolves.toEqual([1, null]);
    expect(output()).toContain(`from 1 to ${cores}`);
  });
});
