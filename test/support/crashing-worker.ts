import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { Worker } from '@temporalio/worker';
import { taskQueue } from '../../workflows/options.js';
import type { CrashPointName } from './crash-points.js';
import type { Estate } from './estate.js';
import { workflowBundle } from './temporal.js';

const script = resolve(__dirname, '../drill/crashing-worker-child.ts');
const started = new Set<ChildProcess>();
// A test that fails must not leave workers behind.
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

export interface CrashingWorker {
  /** Resolves with how the process ended: `SIGKILL` when it reached its point. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Activities of the estate in a process of their own, which kills itself at `point`. */
export function startCrashingWorker(estate: Estate, point: CrashPointName): CrashingWorker {
  const child = spawn(process.execPath, ['--import', 'tsx', script, point], {
    cwd: resolve(__dirname, '../..'),
    env: { ...process.env, ...estate.environment, TEMPORAL_ADDRESS: estate.temporal.address },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-2_000);
    });
  const ended = new Promise<string>((settle) => {
    child.once('close', (code, signal) => {
      started.delete(child);
      settle(signal ?? `exit code ${code}: ${output}`);
    });
  });
  return {
    ended,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Workflow code only, in this process: what stays up while activity workers die. */
export async function withWorkflowWorker<T>(estate: Estate, work: () => Promise<T>): Promise<T> {
  const worker = await Worker.create({
    connection: estate.temporal.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
  });
  return worker.runUntil(work);
}
