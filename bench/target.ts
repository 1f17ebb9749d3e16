import type { Client } from 'pg';
import type { Certificates } from '../sandbox/services/certificates.js';
import { targetDatabase, targetUser } from '../sandbox/services/paths.js';
import { freePort } from '../sandbox/services/ports.js';
import { startTarget } from '../sandbox/services/postgres.js';
import type { SandboxSecrets } from '../sandbox/services/secrets.js';
import { readSettings } from '../sandbox/services/settings.js';
import { foundingTarget } from './founding-join.js';
import { type BenchTable, targetType } from './tables.js';

/** A PostgreSQL whose schema `peers` takes the tables that the tools write. */
export interface BenchTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly caFile: string;
  readonly tls: boolean;
}

export interface RunningTarget {
  readonly target: BenchTarget;
  /** A connection of the administrator. */
  readonly admin: Client;
  stop(): Promise<void>;
}

const schema = 'peers';

/** Starts an empty PostgreSQL in `directory`. */
export async function startBenchTarget(
  directory: string,
  options: { readonly secrets: SandboxSecrets; readonly certificates: Certificates; readonly tls: boolean },
): Promise<RunningTarget> {
  const port = await freePort();
  const settings = readSettings({ SANDBOX_DIRECTORY: directory, SANDBOX_POSTGRES_PORT: `${port}` });
  const cluster = await startTarget(settings, options.secrets, options.certificates);
  const admin = await cluster.superuser(targetDatabase);
  await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${targetUser}`);
  return {
    admin,
    target: {
      host: 'localhost',
      port,
      user: targetUser,
      password: options.secrets.targetPassword,
      database: targetDatabase,
      caFile: options.certificates.caFile,
      tls: options.tls,
    },
    async stop() {
      await admin.end();
      await cluster.stop();
    },
  };
}

/** Makes an empty table for a source table's rows and returns its name; keyed: with its primary key. */
export function makeTable(admin: Client, { definition }: BenchTable, keyed: boolean): Promise<string> {
  const columns = definition.columns.map(({ name, type }) => ({ name, type: targetType(type) }));
  return create(admin, definition.name, columns, keyed ? definition.primaryKey : []);
}

/** Makes an empty table for the rows of the founding join and returns its name. */
export function makeJoinTable(admin: Client): Promise<string> {
  return create(admin, 'cell_perf_stats', foundingTarget().columns, []);
}

async function create(
  admin: Client,
  name: string,
  columns: readonly { readonly name: string; readonly type: string }[],
  key: readonly string[],
): Promise<string> {
  const parts = columns.map((column) => `${admin.escapeIdentifier(column.name)} ${column.type}`);
  if (key.length > 0)
    parts.push(`PRIMARY KEY (${key.map((column) => admin.escapeIdentifier(column)).join(', ')})`);
  const table = `${schema}.${name}`;
  await admin.query(`DROP TABLE IF EXISTS ${table}`);
  await admin.query(`CREATE TABLE ${table} (${parts.join(', ')})`);
  await admin.query(`ALTER TABLE ${table} OWNER TO ${targetUser}`);
  await settle(admin);
  return table;
}

/** Has PostgreSQL write what the run before left to write: it would be charged to the next one. */
export async function settle(admin: Client): Promise<void> {
  await admin.query('CHECKPOINT');
}

/** As libpq takes it; the password goes by PGPASSWORD. */
export function conninfo({ host, port, user, database, caFile, tls }: BenchTarget): string {
  const security = tls ? `sslmode=verify-full sslrootcert=${caFile}` : 'sslmode=disable';
  return `host=${host} port=${port} user=${user} dbname=${database} ${security}`;
}
