import type { Client } from 'pg';
import type { Certificates } from '../sandbox/services/certificates.js';
import { targetDatabase, targetUser } from '../sandbox/services/paths.js';
import { freePort } from '../sandbox/services/ports.js';
import { startTarget } from '../sandbox/services/postgres.js';
import type { SandboxSecrets } from '../sandbox/services/secrets.js';
import { readSettings } from '../sandbox/services/settings.js';
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

/** Makes an empty table for a source table's rows and returns its name, `peers.<table>`; keyed: with its primary key. */
export async function makeTable(
  admin: Client,
  { definition }: BenchTable,
  keyed: boolean,
  name = `${schema}.${definition.name}`,
): Promise<string> {
  const columns = definition.columns.map(({ name: column, type }) => `"${column}" ${targetType(type)}`);
  const key = keyed ? [`PRIMARY KEY (${definition.primaryKey.join(', ')})`] : [];
  await admin.query(`DROP TABLE IF EXISTS ${name}`);
  await admin.query(`CREATE TABLE ${name} (${[...columns, ...key].join(', ')})`);
  await admin.query(`ALTER TABLE ${name} OWNER TO ${targetUser}`);
  // What the run before left to write would be charged to this one.
  await admin.query('CHECKPOINT');
  return name;
}

/** How many rows a table has now. */
export async function countRows(admin: Client, table: string): Promise<number> {
  const { rows } = await admin.query<{ readonly rows: number }>(
    `SELECT count(*)::float8 AS rows FROM ${table}`,
  );
  return rows[0]?.rows ?? 0;
}

/** As libpq takes it; the password goes by PGPASSWORD. */
export function conninfo({ host, port, user, database, caFile, tls }: BenchTarget): string {
  const security = tls ? `sslmode=verify-full sslrootcert=${caFile}` : 'sslmode=disable';
  return `host=${host} port=${port} user=${user} dbname=${database} ${security}`;
}
