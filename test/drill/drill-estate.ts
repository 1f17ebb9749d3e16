import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Connection, Client as TemporalClient } from '@temporalio/client';
import sql from 'mssql';
import type { Client } from 'pg';
import type { Storage } from '../../sandbox/services/settings.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { allOrNothing, type DrillServices, type Service, startServices } from './drill-services.js';
import { Supervised } from './supervised.js';

export const databases = ['DatabaseA', 'DatabaseB'] as const;
export const category = 'cell_perf_stats';

const projectRoot = resolve(__dirname, '../..');

/** Every outside system behind a proxy, and the product's two workers, supervised. */
export interface DrillEstate {
  readonly environment: Readonly<Record<string, string>>;
  readonly temporal: TemporalClient;
  readonly proxies: Readonly<Record<Service, FaultProxy>>;
  readonly workers: { readonly activities: Supervised; readonly workflows: Supervised };
  readonly restart: DrillServices['restart'];
  /** As PostgreSQL's administrator, past the proxy; a connection of its own. */
  withTarget<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** With connections to the category's source databases, past the proxy. */
  withSources<T>(work: (sources: readonly sql.ConnectionPool[]) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** @param sources where the product's sources are; the project itself unless given */
export async function startDrillEstate(storage: Storage, sources = projectRoot): Promise<DrillEstate> {
  const services = await startServices(storage);
  const { ports } = services;
  const proxies = {
    sqlserver: await FaultProxy.start(ports.server01),
    postgres: await FaultProxy.start(ports.postgres),
    temporal: await FaultProxy.start(ports.temporal),
    objects: await FaultProxy.start(ports.objects),
  };
  const environment = services.productFiles({
    RDS_ENDPOINT: `127.0.0.1:${proxies.postgres.port}`,
    // In clear, so that a flipped bit reaches PostgreSQL, where only the checksums can find it.
    RDS_TLS: 'off',
    TEMPORAL_ADDRESS: `127.0.0.1:${proxies.temporal.port}`,
    ...(storage === 's3' && { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxies.objects.port}` }),
  });
  configure(environment.CONFIG_DIR ?? '', proxies.sqlserver.port);
  const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}` });
  const worker = (script: string, ready: string): Supervised =>
    new Supervised({ cwd: sources, script, environment, ready });
  const workers = {
    activities: worker('test/drill/faulty-worker-child.ts', 'activity worker is ready'),
    workflows: worker('workers/workflow-worker.ts', 'workflow worker is ready'),
  };
  const estate: DrillEstate = {
    environment,
    temporal: new TemporalClient({ connection }),
    proxies,
    workers,
    restart: services.restart,
    async withTarget(work) {
      const client = await services.administrator();
      return work(client).finally(() => client.end());
    },
    async withSources(work) {
      const pools = await Promise.all(
        databases.map((name) => connectSource(environment, ports.server01, name)),
      );
      return work(pools).finally(() => Promise.all(pools.map((pool) => pool.close())));
    },
    async stop() {
      await Promise.all(Object.values(workers).map((one) => one.down('SIGKILL')));
      await connection.close();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
      await services.stop();
    },
  };
  const starts = [...Object.values(workers).map((one) => () => one.up()), () => estate.withSources(emptyDay)];
  await allOrNothing(starts, estate.stop);
  return estate;
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
async function emptyDay(sources: readonly sql.ConnectionPool[]): Promise<void> {
  for (const table of ['cell_performance_data', 'ue_statistics_data'])
    await sources
      .at(-1)
      ?.request()
      .query(
        `DELETE FROM dbo.${table} WHERE data_timestamp >= '2025-01-05' AND data_timestamp < '2025-01-06'`,
      );
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
