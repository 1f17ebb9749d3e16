import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import type { Client } from 'pg';
import { logFile, type ServiceProcess, startService, stopRecorded } from '../services/process.js';
import { runningSandbox, type SandboxState, startSandbox, stopSandbox } from '../services/sandbox.js';
import type { SandboxSettings } from '../services/settings.js';
import { connectTarget } from '../services/target-client.js';
import { hasEarlierRun, readOutcome, readProgress } from './control.js';
import { peakMemory } from './memory.js';
import { createProgressView } from './progress.js';
import { reportResult } from './result.js';
import { shellCommand, startArguments, startWorkflow } from './workflow.js';

export interface DemoOptions {
  /** Leaves services and worker running at the end. */
  readonly keep: boolean;
  /** A sandbox was up before: it is used, and left up. */
  readonly usesRunning: boolean;
  readonly jobMode?: string;
  /** Settings that were asked for, and are not just the default. */
  readonly asked: readonly ('rows' | 'storage')[];
}

const category = 'cell_perf_stats';
const leftTable = 'dbo.cell_performance_data';
const projectRoot = resolve(__dirname, '../..');

/**
 * The whole story once: sandbox, worker, migration, proof. Returns whether every hop and the independent check
 * agree. Whatever it started is stopped at the end and on an error, unless it is to be kept.
 * @throws Error saying what could not be started.
 */
export async function runDemo(settings: SandboxSettings, options: DemoOptions): Promise<boolean> {
  const { directory } = settings;
  try {
    const state = await ensureSandbox(settings, options.asked);
    return await migrateAndProve(settings, state, options);
  } finally {
    if (!options.keep) await stopStarted(directory, options.usesRunning);
  }
}

/** Stops what a demo started: the worker, and the sandbox unless it was up before. */
export async function stopStarted(directory: string, usesRunning: boolean): Promise<void> {
  await stopRecorded(directory, 'worker');
  if (!usesRunning) await stopSandbox(directory);
}

async function ensureSandbox(settings: SandboxSettings, asked: DemoOptions['asked']): Promise<SandboxState> {
  const running = runningSandbox(settings.directory);
  if (!running) {
    console.log(
      `Starting the sandbox: two SQL Servers with ${settings.rows} rows a table, Temporal, PostgreSQL …`,
    );
    const began = performance.now();
    const state = await startSandbox(settings, resolve('.env.sandbox'));
    console.log(`Up after ${seconds(began)} s. Web UI: ${state.webUi}`);
    return state;
  }
  for (const name of asked) {
    if (running[name] === settings[name]) continue;
    const variable = name.toUpperCase();
    throw new Error(
      `A sandbox with ${variable}=${running[name]} is up, not with ${variable}=${settings[name]}. Stop it first: npm run sandbox -- --stop`,
    );
  }
  console.log(`Using the sandbox that is up. Web UI: ${running.webUi}`);
  return running;
}

async function migrateAndProve(
  settings: SandboxSettings,
  state: SandboxState,
  options: DemoOptions,
): Promise<boolean> {
  const { directory } = settings;
  const environment = parseEnv(readFileSync(state.envFile, 'utf8')) as Readonly<Record<string, string>>;
  const worker = await startWorker(directory, environment);
  const target = await connectTarget(environment, 'demo');
  try {
    const jobMode = options.jobMode ?? ((await hasEarlierRun(target, category)) ? 'restart' : undefined);
    const input = jobMode ? { jobMode } : {};
    console.log(`Starting the migration:\n  ${shellCommand(startArguments(category, input))}\n`);
    const began = performance.now();
    const workflow = await startWorkflow(state.temporalCli, state.temporalAddress, category, input);
    const failure = await follow(workflow, worker, target, directory);
    await workflow.close();
    const run = {
      runId: workflow.runId,
      failure,
      seconds: Number(seconds(began)),
      peaks: [...peakMemory(worker.pid).values()],
      outcome: await readOutcome(target, workflow.runId),
    };
    return await reportResult({ state, directory, environment, target, keep: options.keep }, run);
  } finally {
    await target.end();
  }
}

/** A worker that an earlier demo kept may run older code: it is replaced. */
async function startWorker(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  await stopRecorded(directory, 'worker');
  console.log(`Starting the worker; its log: ${logFile(directory, 'worker')}`);
  return startService({
    name: 'worker',
    command: process.execPath,
    args: ['--import', 'tsx', join(projectRoot, 'workers', 'main.ts')],
    directory,
    spawn: { cwd: projectRoot, env: { ...process.env, ...environment } },
  });
}

/** Shows progress until the workflow ends; returns why it failed, if it did. */
async function follow(
  workflow: Awaited<ReturnType<typeof startWorkflow>>,
  worker: ServiceProcess,
  target: Client,
  directory: string,
): Promise<string | undefined> {
  const view = createProgressView(process.stdout);
  const ended = Promise.race([
    workflow.ended.then((failure) => ({ failure })),
    worker.ended.then((reason) => {
      throw new Error(`The worker ended (${reason}). Its log: ${logFile(directory, 'worker')}`);
    }),
  ]);
  try {
    for (;;) {
      const outcome = await Promise.race([ended, sleep(500)]);
      view.show(await readProgress(target, workflow.runId, leftTable));
      if (outcome) return outcome.failure;
    }
  } finally {
    view.end();
  }
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
