import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, Client as TemporalClient } from '@temporalio/client';
import sql from 'mssql';
import type { Client } from 'pg';
import { ensureCertificates } from '../../sandbox/services/certificates.js';
import { sandboxPaths, targetDatabase } from '../../sandbox/services/paths.js';
import { freePort } from '../../sandbox/services/ports.js';
import { startTarget } from '../../sandbox/services/postgres.js';
import { clusterData, type PostgresCluster } from '../../sandbox/services/postgres-cluster.js';
import { stopRecorded } from '../../sandbox/services/process.js';
import { productEnvironment, writeProductFiles } from '../../sandbox/services/product-environment.js';
import { ensureSecrets } from '../../sandbox/services/secrets.js';
import type { SandboxSettings } from '../../sandbox/services/settings.js';
import { startSqlServers } from '../../sandbox/services/sqlserver.js';
import { startTemporal } from '../../sandbox/services/temporal.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { Supervised } from './supervised.js';

export const databases = ['DatabaseA', 'DatabaseB'] as const;
export const category = 'cell_perf_stats';

const projectRoot = resolve(__dirname, '../..');
const rowsPerTable = 2_000;

/** Every outside system as a process of its own behind a proxy, and the product's two workers, supervised. */
export interface DrillEstate {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly temporal: TemporalClient;
  readonly proxies: Readonly<Record<Service, FaultProxy>>;
  readonly workers: { readonly activities: Supervised; readonly workflows: Supervised };
  /** As PostgreSQL's administrator, past the proxy; a connection of its own. */
  withTarget<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** With connections to the category's source databases, past the proxy. */
  withSources<T>(work: (sources: readonly sql.ConnectionPool[]) => Promise<T>): Promise<T>;
  /** Ends a service by a signal, leaves it down for so long, and starts it on its data and port again. */
  restart(service: Service, signal: NodeJS.Signals, downMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export type Service = 'sqlserver' | 'postgres' | 'temporal';

/** @param sources where the product's sources are; the project itself unless given */
export async function startDrillEstate(sources = projectRoot): Promise<DrillEstate> {
  const directory = mkdtempSync(join(tmpdir(), 'drill-'));
  const settings = await settingsIn(directory);
  const { secrets, certificates } = await credentialsIn(directory);
  let cluster: PostgresCluster | undefined;
  const start: Readonly<Record<Service, () => Promise<void>>> = {
    postgres: async () => {
      cluster = await startTarget(settings, secrets, certificates);
    },
    temporal: async () => {
      const { temporal: port, temporalUi: uiPort } = settings.ports;
      await startTemporal({ port, uiPort, directory });
    },
    sqlserver: async () => {
      await startSqlServers(settings);
    },
  };
  await Promise.all(Object.values(start).map((begin) => begin()));
  const { ports } = settings;
  const proxies = {
    sqlserver: await FaultProxy.start(ports.server01),
    postgres: await FaultProxy.start(ports.postgres),
    temporal: await FaultProxy.start(ports.temporal),
  };
  const environment: Readonly<Record<string, string>> = {
    ...productEnvironment(settings, secrets, certificates),
    RDS_ENDPOINT: `127.0.0.1:${proxies.postgres.port}`,
    // In clear, so that a flipped bit reaches PostgreSQL, where only the checksums can find it.
    RDS_TLS: 'off',
    TEMPORAL_ADDRESS: `127.0.0.1:${proxies.temporal.port}`,
  };
  writeProductFiles(settings, secrets, environment, join(directory, '.env.sandbox'));
  configure(environment.CONFIG_DIR ?? '', proxies.sqlserver.port);
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}` });
  const worker = (script: string, ready: string): Supervised =>
    new Supervised({ cwd: sources, script, environment, ready });
  const workers = {
    activities: worker('test/drill/faulty-worker-child.ts', 'activity worker is ready'),
    workflows: worker('workers/workflow-worker.ts', 'workflow worker is ready'),
  };
  await Promise.all([workers.activities.up(), workers.workflows.up()]);
  await emptyDay(await connectSource(environment, ports.server01, 'DatabaseB'));
  return {
    directory,
    environment,
    temporal: new TemporalClient({ connection }),
    proxies,
    workers,
    async withTarget(work) {
      const client = await cluster?.superuser(targetDatabase);
      if (client === undefined) throw new Error('PostgreSQL was never started.');
      client.on('error', () => undefined);
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    },
    async withSources(work) {
      const pools = await Promise.all(
        databases.map((name) => connectSource(environment, ports.server01, name)),
      );
      try {
        return await work(pools);
      } finally {
        await Promise.all(pools.map((pool) => pool.close()));
      }
    },
    async restart(service, signal, downMs = 0) {
      await stopRecorded(directory, service, signal);
      await sleep(downMs);
      await start[service]();
    },
    async stop() {
      await Promise.all(Object.values(workers).map((one) => one.down('SIGKILL')));
      await connection.close();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      for (const service of ['temporal', 'sqlserver', 'postgres'] as const)
        await stopRecorded(directory, service, 'SIGINT');
      for (const path of [clusterData(directory), directory]) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function settingsIn(directory: string): Promise<SandboxSettings> {
  const [temporal = 0, temporalUi = 0, postgres = 0, server01 = 0, server02 = 0] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  return { directory, ports: { temporal, temporalUi, postgres, server01, server02 }, rows: rowsPerTable };
}

async function credentialsIn(directory: string) {
  const paths = sandboxPaths(directory);
  mkdirSync(directory, { recursive: true });
  return { secrets: ensureSecrets(paths.secrets), certificates: await ensureCertificates(paths.tls) };
}

/** One server with two databases, parts of a few rows, and little patience. */
function configure(configDir: string, sourcePort: number): void {
  const change = (file: string, changes: object): void => {
    const path = join(configDir, file);
    const json = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...json, ...changes }));
  };
  change('server-mappings.json', {
    server_mappings: { server01: `localhost:${sourcePort}` },
    databases: { server01: databases },
  });
  change(`categories/${category}.json`, {
    // What a dead worker had under way is tried again after its heartbeats are missed; others go on meanwhile.
    concurrency: { perServer: 12 },
    attention: { wait: 300 },
    storage: { partRows: 60 },
    stall: 6,
  });
}

/** One window without a row. */
async function emptyDay(source: sql.ConnectionPool): Promise<void> {
  for (const table of ['cell_performance_data', 'ue_statistics_data'])
    await source
      .request()
      .query(
        `DELETE FROM dbo.${table} WHERE data_timestamp >= '2025-01-05' AND data_timestamp < '2025-01-06'`,
      );
  await source.close();
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
