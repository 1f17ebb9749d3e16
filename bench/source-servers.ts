import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort } from '../sandbox/services/ports.js';
import { logFile, type ServiceProcess, startService, waitUntil } from '../sandbox/services/process.js';

/** One stand-in for a SQL Server, on a port of its own. */
export interface ListeningServer {
  readonly name: string;
  readonly port: number;
  readonly databases: readonly string[];
}

export interface SourceCounts {
  readonly servers: number;
  /** In all. */
  readonly databases: number;
}

export interface SourceServers {
  readonly servers: readonly ListeningServer[];
  readonly service: ServiceProcess;
}

const variable = 'BENCH_SOURCE_SERVERS';

/** Starts `servers` stand-ins with `databases` databases in all, evenly spread, in one process of their own. */
export async function startSourceServers(directory: string, counts: SourceCounts): Promise<SourceServers> {
  const each = Math.ceil(counts.databases / counts.servers);
  const servers: ListeningServer[] = [];
  for (let at = 0; at < counts.servers; at += 1) {
    const own = Math.min(each, counts.databases - at * each);
    servers.push({
      name: `server${String(at + 1).padStart(2, '0')}`,
      port: await freePort(),
      databases: Array.from({ length: own }, (_, index) => `Database${String.fromCharCode(65 + index)}`),
    });
  }
  const service = startService({
    name: 'source-servers',
    command: process.execPath,
    args: ['--import', 'tsx', join(__dirname, 'source-servers-process.ts')],
    directory,
    spawn: {
      cwd: resolve(__dirname, '..'),
      env: { ...process.env, [variable]: JSON.stringify({ directory, servers }) },
    },
  });
  const log = logFile(directory, 'source-servers');
  await waitUntil('The source servers', async () => readFileSync(log, 'utf8').includes('all listen'), {
    timeoutMs: 120_000,
    ended: service.ended,
    log,
  });
  return { servers, service };
}

/** What `startSourceServers` asks its process for. */
export function requested(env: NodeJS.ProcessEnv): {
  readonly directory: string;
  readonly servers: readonly ListeningServer[];
} {
  return JSON.parse(env[variable] ?? '{}');
}
