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
import { removeSandbox, startSandbox } from '../sandbox/services/sandbox.js';
import { connectTarget } from '../sandbox/services/target-client.js';
import { childrenOf, commandOf, treeCpuSeconds } from './process-usage.js';

export const category = 'cell_perf_stats';
const projectRoot = resolve(__dirname, '..');

/** A sandbox of the benchmark's own with the product's real worker processes, on one database of one server. */
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

export async function startEstate(rows: number): Promise<BenchEstate> {
  // In a directory that PostgreSQL's own user can enter when the benchmark runs as root.
  const directory = mkdtempSync(join(tmpdir(), 'migration-bench-'));
  const [temporal, temporalUi, postgres, server01, server02] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { temporal, temporalUi, postgres, server01, server02 } as Record<string, number>;
  const settings = { directory, rows, ports: ports as never };
  const envFile = join(directory, 'environment');
  const state = await startSandbox(settings, envFile);
  const environment = parseEnv(readFileSync(envFile, 'utf8')) as Record<string, string>;
  const configure = configurer(environment.CONFIG_DIR ?? '');
  configure('server-mappings.json', (json) => ({
    ...json,
    server_mappings: { server01: state.servers.server01 },
    databases: ['DatabaseA'],
  }));
  const worker = startWorkers(directory, environment);
  const connection = await Connection.connect({ address: state.temporalAddress });
  const target = await connectTarget(environment, 'bench');
  const pids = await workerPids(worker);
  await workersReady(directory);
  const services = {
    temporal: pidOf(directory, 'temporal'),
    sqlserver: pidOf(directory, 'sqlserver'),
    postgres: pidOf(directory, 'postgres'),
    ...pids,
  };
  return {
    target,
    temporal: new TemporalClient({ connection }),
    pids,
    configure,
    cpu: () => Object.fromEntries(Object.entries(services).map(([name, pid]) => [name, treeCpuSeconds(pid)])),
    run: async (jobMode, tick) => {
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
      await started.close();
      const log = logFile(directory, 'worker');
      if (outcome.failure !== undefined)
        throw new Error(`${outcome.failure}\nThe worker's log: ${readFileSync(log, 'utf8').slice(-2_000)}`);
      return { runId: started.runId, seconds: (performance.now() - began) / 1000 };
    },
    stop: async () => {
      await target.end();
      await connection.close();
      await worker.stop();
      await removeSandbox(directory);
    },
  };
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
    args: ['--import', 'tsx', join(projectRoot, 'workers', 'main.ts')],
    directory,
    spawn: { cwd: projectRoot, env: { ...process.env, LOG_LEVEL: 'WARN', ...environment } },
  });
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
