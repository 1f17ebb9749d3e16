import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { Connection, Client as TemporalClient } from '@temporalio/client';
import type { Client } from 'pg';
import { startWorkflow } from '../sandbox/demo/workflow.js';
import { freePort } from '../sandbox/services/ports.js';
import { logFile, recordedPid, type ServiceProcess, startService } from '../sandbox/services/process.js';
import { removeSandbox, type SandboxState, startSandbox } from '../sandbox/services/sandbox.js';
import { connectTarget } from '../sandbox/services/target-client.js';
import { childrenOf, commandOf, treeCpuSeconds } from './process-usage.js';
import { type SourceCounts, type SourceServers, startSourceServers } from './source-servers.js';

export const category = 'cell_perf_stats';
const projectRoot = resolve(__dirname, '..');

/** A sandbox of the benchmark's own with the product's real worker processes. */
export interface BenchEstate {
  readonly target: Client;
  readonly temporal: TemporalClient;
  readonly pids: { readonly workflowWorker: number; readonly activityWorker: number };
  /** CPU seconds of every process since its start, by name. */
  cpu(): Readonly<Record<string, number>>;
  /** Reads, changes and writes one JSON file of the sandbox's copy of the configuration. */
  configure(file: string, change: (json: Record<string, unknown>) => unknown): void;
  /** Starts the category as a user would; `tick` is called all the while. Throws when it or a worker fails. */
  run(jobMode: string, tick: () => void): Promise<{ readonly runId: string; readonly seconds: number }>;
  stop(): Promise<void>;
}

/** With `counts`, so many source servers and databases, all empty; else one database with `rows` rows a table. */
export async function startEstate(rows: number, counts?: SourceCounts): Promise<BenchEstate> {
  // In a directory that PostgreSQL's own user can enter when the benchmark runs as root.
  const directory = mkdtempSync(join(tmpdir(), 'migration-bench-'));
  const started: (() => Promise<unknown>)[] = [() => removeSandbox(directory)];
  const stop = async (): Promise<void> => {
    for (const end of started.reverse()) await end();
  };
  try {
    return { ...(await start(directory, rows, counts, started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Puts what ends each part into `started`, in the order in which they start. */
async function start(
  directory: string,
  rows: number,
  counts: SourceCounts | undefined,
  started: (() => Promise<unknown>)[],
): Promise<Omit<BenchEstate, 'stop'>> {
  const [temporal, temporalUi, postgres, server01, server02] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { temporal, temporalUi, postgres, server01, server02 } as Record<string, number>;
  const envFile = join(directory, 'environment');
  const state = await startSandbox({ directory, rows, ports: ports as never, storage: 'file' }, envFile);
  const environment = parseEnv(readFileSync(envFile, 'utf8')) as Record<string, string>;
  const configure = configurer(environment.CONFIG_DIR ?? '');
  const sources = counts && (await startSourceServers(directory, counts));
  if (sources) started.push(() => sources.service.stop());
  configure('server-mappings.json', (json) => ({ ...json, ...mappings(sources, state) }));
  const worker = startWorkers(directory, environment);
  started.push(() => worker.stop());
  const connection = await Connection.connect({ address: state.temporalAddress });
  started.push(() => connection.close());
  const target = await connectTarget(environment, 'bench');
  started.push(() => target.end());
  const pids = await workerPids(worker);
  await workersReady(directory);
  const services = {
    temporal: pidOf(directory, 'temporal'),
    sqlserver: sources?.service.pid ?? pidOf(directory, 'sqlserver'),
    postgres: pidOf(directory, 'postgres'),
    ...pids,
  };
  return {
    target,
    temporal: new TemporalClient({ connection }),
    pids,
    configure,
    cpu: () => Object.fromEntries(Object.entries(services).map(([name, pid]) => [name, treeCpuSeconds(pid)])),
    run: (jobMode, tick) => runToEnd(state, worker, logFile(directory, 'worker'), jobMode, tick),
  };
}

function mappings(sources: SourceServers | undefined, state: SandboxState): object {
  if (sources === undefined)
    return { server_mappings: { server01: state.servers.server01 }, databases: ['DatabaseA'] };
  const { servers } = sources;
  return {
    server_mappings: Object.fromEntries(servers.map(({ name, port }) => [name, `localhost:${port}`])),
    databases: Object.fromEntries(servers.map(({ name, databases }) => [name, databases])),
  };
}

async function runToEnd(
  state: SandboxState,
  worker: ServiceProcess,
  workerLog: string,
  jobMode: string,
  tick: () => void,
): ReturnType<BenchEstate['run']> {
  const began = performance.now();
  const started = await startWorkflow(state.temporalCli, state.temporalAddress, category, { jobMode });
  const ended = Promise.race([
    started.ended.then((failure) => ({ failure })),
    worker.ended.then((reason) => ({ failure: `the worker ended: ${reason}` })),
  ]);
  let outcome: { readonly failure: string | undefined } | undefined;
  while (outcome === undefined) {
    tick();
    outcome = (await Promise.race([ended, sleep(50)])) ?? undefined;
  }
  if (outcome.failure !== undefined)
    throw new Error(`${outcome.failure}\nThe worker's log: ${readFileSync(workerLog, 'utf8').slice(-2_000)}`);
  await started.close();
  return { runId: started.runId, seconds: (performance.now() - began) / 1000 };
}

function configurer(configDir: string): BenchEstate['configure'] {
  return (file, change) => {
    const path = join(configDir, file);
    const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify(change(json), null, 2));
  };
}

function startWorkers(directory: string, environment: Readonly<Record<string, string>>): ServiceProcess {
  return startService({
    name: 'worker',
    command: process.execPath,
    args: [...profiling(), '--import', 'tsx', join(projectRoot, 'workers', 'main.ts')],
    directory,
    spawn: { cwd: projectRoot, env: { ...process.env, LOG_LEVEL: 'WARN', ...environment } },
  });
}

/** PROFILE names a directory that gets a CPU profile of each worker. */
function profiling(): readonly string[] {
  const directory = process.env.PROFILE ?? '';
  return directory === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`];
}

async function workerPids(worker: ServiceProcess): Promise<BenchEstate['pids']> {
  for (let tries = 0; tries < 200; tries += 1) {
    const children = childrenOf(worker.pid);
    const [workflowWorker, activityWorker] = ['workflow-worker', 'activity-worker'].map((name) =>
      children.find((pid) => commandOf(pid).includes(name)),
    );
    if (workflowWorker !== undefined && activityWorker !== undefined)
      return { workflowWorker, activityWorker };
    await sleep(50);
  }
  throw new Error('The worker processes did not start.');
}

/** Loading and bundling the workflows is no part of a run. */
async function workersReady(directory: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const log = readFileSync(logFile(directory, 'worker'), 'utf8');
    if ((log.match(/worker is ready/g) ?? []).length === 2) return;
    await sleep(100);
  }
  throw new Error('The workers were not ready after a minute.');
}

function pidOf(directory: string, service: string): number {
  const pid = recordedPid(directory, service);
  if (pid === undefined) throw new Error(`${service} is not running.`);
  return pid;
}
