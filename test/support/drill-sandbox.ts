import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import sql from 'mssql';
import type { Client } from 'pg';
import { freePort } from '../../sandbox/services/ports.js';
import { removeSandbox, type SandboxState, startSandbox } from '../../sandbox/services/sandbox.js';
import { connectTarget } from '../../sandbox/services/target-client.js';

const projectRoot = resolve(__dirname, '../..');
const places = [
  ['server01', 'DatabaseA'],
  ['server01', 'DatabaseB'],
  ['server02', 'DatabaseA'],
  ['server02', 'DatabaseB'],
] as const;

/** A sandbox of real processes on ports and in directories of its own. */
export interface DrillSandbox {
  readonly state: SandboxState;
  /** What the worker gets. */
  readonly environment: Readonly<Record<string, string>>;
  /** PostgreSQL as the product's role. */
  readonly target: Client;
  /** The source databases, in a fixed order. */
  readonly sources: readonly sql.ConnectionPool[];
  /** Starts a worker and waits until it takes work. */
  startWorker(): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

/** What `npm run worker` runs, with all its children, as a process group. */
export interface WorkerProcess {
  /** Exit code or signal of its first process. */
  readonly ended: Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

export async function startDrillSandbox(rows: number, perServer: number): Promise<DrillSandbox> {
  const directory = mkdtempSync(join(tmpdir(), 'drill-'));
  const [temporal = 0, temporalUi = 0, postgres = 0, server01 = 0, server02 = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const ports = { temporal, temporalUi, postgres, server01, server02 };
  const envFile = join(directory, '.env.sandbox');
  const state = await startSandbox({ directory, ports, rows, storage: 'file' }, envFile);
  const environment = parseEnv(readFileSync(envFile, 'utf8')) as Readonly<Record<string, string>>;
  configure(environment, perServer);
  const target = await connectTarget(environment, 'drill');
  const sources = await Promise.all(
    places.map(([server, database]) => connectSource(environment, ports[server], database)),
  );
  const workers = new Set<WorkerProcess>();
  // A test that is broken off must not leave workers behind.
  process.once('exit', () => {
    for (const worker of workers) worker.signal('SIGKILL');
  });
  return {
    state,
    environment,
    target,
    sources,
    async startWorker() {
      const worker = spawnWorker(environment);
      workers.add(worker);
      void worker.ended.then(() => workers.delete(worker));
      await worker.ready;
      return worker;
    },
    async stop() {
      for (const worker of workers) worker.signal('SIGKILL');
      await Promise.all([target.end(), ...sources.map((pool) => pool.close())]);
      await removeSandbox(directory);
    },
  };
}

/** No operator: a parked chunk fails the run at once. */
function configure(environment: Readonly<Record<string, string>>, perServer: number): void {
  const file = join(environment.CONFIG_DIR ?? '', 'categories/cell_perf_stats.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...json, attention: { wait: 0 }, concurrency: { perServer } }));
}

function spawnWorker(environment: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'workers/main.ts'], {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waitedFor = new Set(['activity worker is ready', 'workflow worker is ready']);
  const ended = new Promise<string>((settle) => {
    child.once('close', (code, signal) => settle(signal ?? `exit code ${code}`));
  });
  const ready = new Promise<void>((settle, fail) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-8_000);
        // The log of the one is long by the time the other is ready.
        for (const line of waitedFor) if (output.includes(line)) waitedFor.delete(line);
        if (waitedFor.size === 0) settle();
      });
    void ended.then((how) => fail(new Error(`The worker ended before it was ready (${how}): ${output}`)));
  });
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), name);
    } catch {
      // It has ended by itself.
    }
  };
  return { ended, ready, signal };
}

function connectSource(
  environment: Readonly<Record<string, string>>,
  port: number,
  database: string,
): Promise<sql.ConnectionPool> {
  const secret = JSON.parse(readFileSync(environment.SOURCE_SECRET_FILE ?? '', 'utf8'));
  return new sql.ConnectionPool({
    server: 'localhost',
    port,
    database,
    user: secret.username,
    password: secret.password,
    arrayRowMode: true,
    pool: { max: 1 },
    options: {
      encrypt: true,
      cryptoCredentialsDetails: { ca: readFileSync(environment.MSSQL_CA_FILE ?? '', 'utf8') },
    },
  }).connect();
}
