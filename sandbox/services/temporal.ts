import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logFile, startService, waitUntil } from './process.js';
import { ensureTemporalCli } from './temporal-cli.js';

const run = promisify(execFile);

export interface TemporalServer {
  /** `host:port` of the front end, for TEMPORAL_ADDRESS. */
  readonly address: string;
  readonly ui: string;
  /** Path of the CLI that started it. */
  readonly cli: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface TemporalOptions {
  readonly port: number;
  readonly uiPort: number;
  /** Keeps the server's database, log and pid file. */
  readonly directory: string;
  /** More arguments for `temporal server start-dev`, such as search attributes. */
  readonly args?: readonly string[];
}

/**
 * Settings of the Go runtime. A tenth of the server's time went into collecting a small heap again and again, and some
 * more into growing the stacks of short-lived goroutines; 400 costs some 200 MB of memory.
 */
const goRuntime = { GOGC: '400', GODEBUG: 'adaptivestackstart=1' };

/** The server takes ports for its inner services by itself, any of which another process may take just before it. */
const attempts = 3;

/**
 * Starts Temporal's development server with its Web UI and waits until its default namespace answers.
 * @throws Error with the path of its log when it does not come up within a minute.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const cli = await ensureTemporalCli();
  const log = logFile(options.directory, 'temporal');
  for (let attempt = 1; ; attempt += 1) {
    const logged = sizeOf(log);
    try {
      return await startOnce(cli, options);
    } catch (error) {
      const portTaken = readFileSync(log).subarray(logged).includes('address already in use');
      if (!portTaken || attempt === attempts) throw error;
    }
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The two pragmas make it about three times as fast on a file; a crash of the machine, not of the server,
 * could lose its last moments, which a sandbox may.
 */
async function startOnce(cli: string, options: TemporalOptions): Promise<TemporalServer> {
  const data = join(options.directory, 'temporal');
  mkdirSync(data, { recursive: true });
  const address = `localhost:${options.port}`;
  const service = startService({
    name: 'temporal',
    command: cli,
    args: [
      ...['server', 'start-dev', '--port', `${options.port}`],
      ...['--ui-port', `${options.uiPort}`, '--headless=false'],
      ...['--db-filename', join(data, 'temporal.db')],
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
      ...['--log-level', 'warn'],
      ...(options.args ?? []),
    ],
    directory: options.directory,
    spawn: { env: { ...process.env, ...goRuntime } },
  });
  await waitUntil('Temporal', () => answers(cli, address), {
    timeoutMs: 60_000,
    ended: service.ended,
    log: logFile(options.directory, 'temporal'),
  }).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  return {
    address,
    ui: `http://localhost:${options.uiPort}`,
    cli,
    pid: service.pid,
    stop: () => service.stop('SIGINT'),
  };
}

async function answers(cli: string, address: string): Promise<boolean> {
  try {
    await run(cli, ['operator', 'namespace', 'describe', 'default', '--address', address], {
      timeout: 5_000,
    });
    return true;
  } catch {
    return false;
  }
}
