import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import sql from 'mssql';
import type { Client } from 'pg';
import type { ReportSummary } from '../../activities/contract.js';
import { createActivities } from '../../activities/index.js';
import { parseEnvironment } from '../../config/environment.js';
import { type DatabaseStyle, foundingDatabase } from '../../sandbox/seed/founding-servers.js';
import { ensureCertificates } from '../../sandbox/services/certificates.js';
import type { ServerDefinition } from '../../sandbox/sqlserver/engine/definition.js';
import { createEngine } from '../../sandbox/sqlserver/engine/engine.js';
import { startTdsServer } from '../../sandbox/sqlserver/server.js';
import { createDependencies } from '../../workers/dependencies.js';
import { workflowIds } from '../../workflows/messages.js';
import type { migrateCategory } from '../../workflows/migrate-category.js';
import { taskQueue } from '../../workflows/options.js';
import { startPostgres, type TestPostgres } from './postgres.js';
import { failureOf, startTestTemporal, withWorker, workflowBundle } from './temporal.js';

/** Everything a run needs, on free ports and in directories of the test's own. */
export interface Estate {
  readonly temporal: TestWorkflowEnvironment;
  /** PostgreSQL as its administrator. */
  readonly postgres: Client;
  readonly directory: string;
  /** The environment that the worker gets; change it before a run. */
  readonly environment: Record<string, string>;
  /** A source database as its administrator; closed by `stop`. */
  source(server: string, database: string): Promise<sql.ConnectionPool>;
  /** Reads, changes and writes one JSON file of the project's copy (`config/…`). */
  configure(file: string, change: (json: Record<string, unknown>) => unknown): void;
  writeFile(file: string, text: string): void;
  /** Runs a category to its end with a worker of its own; throws what `failureOf` tells. */
  run(input?: Partial<RunInput>): Promise<ReportSummary>;
  /** Starts a category that must fail; returns the failure's code and message. */
  fail(input?: Partial<RunInput>): Promise<{ readonly type: string; readonly message: string }>;
  stop(): Promise<void>;
}

interface RunInput {
  readonly category: string;
  readonly jobMode?: string;
  readonly inputPartition?: string;
}

export interface EstateOptions {
  /** By alias; each becomes one TDS server. */
  readonly servers: Readonly<Record<string, readonly DatabaseStyle[] | ServerDefinition>>;
  readonly postgres?: 18 | 15;
}

const login = { user: 'migration_reader', password: 'not-a-secret-of-anyone' };
const projectRoot = join(__dirname, '../..');

/** Starts SQL Servers, PostgreSQL and Temporal, and a copy of the project's configuration that names them. */
export async function startEstate(options: EstateOptions): Promise<Estate> {
  const directory = mkdtempSync(join(tmpdir(), 'estate-'));
  const tls = await ensureCertificates(join(directory, 'tls'));
  const [temporal, postgres, servers] = await Promise.all([
    startTestTemporal(),
    startPostgres(options.postgres ?? 18),
    Promise.all(Object.entries(options.servers).map(([name, what]) => serve(name, what, tls))),
    // Bundling once per process is no part of what a test may time.
    workflowBundle(),
  ]);
  for (const folder of ['config', 'sql'])
    cpSync(join(projectRoot, folder), join(directory, folder), { recursive: true });
  const environment = environmentOf(directory, postgres, tls.caFile);
  const pools: sql.ConnectionPool[] = [];
  const write = (file: string, text: string): void => writeFileSync(join(directory, file), text);
  const configure: Estate['configure'] = (file, change) => {
    const json = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Record<string, unknown>;
    write(file, JSON.stringify(change(json), null, 2));
  };
  configure('config/server-mappings.json', (json) => ({
    ...json,
    server_mappings: Object.fromEntries(servers.map(({ name, port }) => [name, `localhost:${port}`])),
    databases: Object.fromEntries(servers.map(({ name, databases }) => [name, databases])),
  }));
  configure('config/categories/cell_perf_stats.json', (json) => ({ ...json, attention: { wait: 0 } }));

  const begin = async (input: Partial<RunInput>): Promise<WorkflowHandle<typeof migrateCategory>> => {
    const request = { category: 'cell_perf_stats', ...input };
    return temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
      taskQueue,
      workflowId: workflowIds.category(request.category),
      args: [request],
    });
  };
  const withActivities = async <T>(work: () => Promise<T>): Promise<T> => {
    const { dependencies, close } = await createDependencies(parseEnvironment(environment), 8);
    try {
      return await withWorker(temporal, createActivities(dependencies), work);
    } finally {
      await close();
    }
  };
  return {
    temporal,
    postgres: postgres.admin,
    directory,
    environment,
    configure,
    writeFile: write,
    async source(server, database) {
      const found = servers.find(({ name }) => name === server);
      if (found === undefined) throw new Error(`There is no server ${server}.`);
      const pool = await connect(found.port, database, tls.caFile);
      pools.push(pool);
      return pool;
    },
    run: (input = {}) =>
      withActivities(async () => {
        const handle = await begin(input);
        return handle.result().catch(async () => {
          const { type, message } = await failureOf(handle);
          throw new Error(`${type}: ${message}`);
        });
      }),
    fail: (input = {}) => withActivities(async () => failureOf(await begin(input))),
    async stop() {
      await Promise.all(pools.map((pool) => pool.close()));
      await Promise.all([temporal.teardown(), postgres.stop(), ...servers.map((server) => server.close())]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function serve(
  name: string,
  what: readonly DatabaseStyle[] | ServerDefinition,
  tls: { readonly certFile: string; readonly keyFile: string },
) {
  const definition: ServerDefinition =
    'databases' in what
      ? { ...what, logins: [login] }
      : { name, logins: [login], databases: what.map(foundingDatabase) };
  const engine = await createEngine(definition);
  const server = await startTdsServer({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls: { key: readFileSync(tls.keyFile, 'utf8'), cert: readFileSync(tls.certFile, 'utf8') },
    serverName: name,
  });
  return {
    name,
    port: server.port,
    databases: definition.databases.map((database) => database.name),
    close: async () => {
      await server.close();
      await engine.close();
    },
  };
}

function environmentOf(
  directory: string,
  { endpoint }: TestPostgres,
  caFile: string,
): Record<string, string> {
  const bucket = (name: string): string => {
    const path = join(directory, 'buckets', name);
    mkdirSync(path, { recursive: true });
    return pathToFileURL(path).href;
  };
  return {
    RDS_ENDPOINT: `${endpoint.host}:${endpoint.port}`,
    RDS_USER: endpoint.user,
    RDS_PASSWORD: String(endpoint.password),
    RDS_DATABASE: endpoint.database,
    RDS_TLS: 'off',
    RAW_BUCKET: bucket('raw'),
    TRANSFORMED_BUCKET: bucket('transformed'),
    STATS_BUCKET: bucket('stats'),
    SOURCE_SECRET: JSON.stringify({
      username: login.user,
      password: login.password,
      engine: 'sqlserver',
      host: '*',
      port: '1433',
    }),
    MSSQL_CA_FILE: caFile,
    CONFIG_DIR: join(directory, 'config'),
    SPILL_DIR: join(directory, 'spill'),
  };
}

function connect(port: number, database: string, caFile: string): Promise<sql.ConnectionPool> {
  return new sql.ConnectionPool({
    server: 'localhost',
    port,
    database,
    ...login,
    arrayRowMode: true,
    pool: { max: 1 },
    options: { encrypt: true, cryptoCredentialsDetails: { ca: readFileSync(caFile, 'utf8') } },
  }).connect();
}
