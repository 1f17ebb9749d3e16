import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, type ConnectionConfiguration, Request } from 'tedious';
import { ensureCertificates } from '../../../sandbox/services/certificates';
import type { SqlServerEngine } from '../../../sandbox/sqlserver/engine/types';
import { startTdsServer } from '../../../sandbox/sqlserver/server';
import type { Target } from './tds-clients';

export interface TestServer {
  readonly port: number;
  readonly caFile: string;
  /** A folder of the test's own, removed with the server. */
  readonly folder: string;
  /** Mistakes of the stand-in; a test expects none. */
  readonly internalErrors: readonly unknown[];
  close(): Promise<void>;
}

/** A server on a free port with a certificate of its own. */
export async function startTestServer(engine: SqlServerEngine): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tds-'));
  const files = await ensureCertificates(folder);
  const internalErrors: unknown[] = [];
  const server = await startTdsServer({
    engine,
    host: '127.0.0.1',
    port: 0,
    tls: { key: readFileSync(files.keyFile, 'utf8'), cert: readFileSync(files.certFile, 'utf8') },
    serverName: 'server01',
    onInternalError: (error) => internalErrors.push(error),
  });
  return {
    port: server.port,
    caFile: files.caFile,
    folder,
    internalErrors,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A tedious connection; with `caFile` everything is encrypted and the certificate verified. */
export function connect(
  target: Target,
  caFile?: string,
  options: ConnectionConfiguration['options'] = {},
): Promise<Connection> {
  const security =
    caFile === undefined
      ? { encrypt: false }
      : {
          encrypt: true,
          trustServerCertificate: false,
          cryptoCredentialsDetails: { ca: readFileSync(caFile, 'utf8') },
        };
  const connection = new Connection({
    server: 'localhost',
    authentication: { type: 'default', options: { userName: target.user, password: target.password } },
    options: { port: target.port, database: target.database, useUTC: true, ...security, ...options },
  });
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error === undefined ? resolve(connection) : reject(error)));
  });
}

export interface Outcome {
  readonly rows: readonly (readonly unknown[])[];
  readonly count: number;
}

/** Runs a batch, or with `prepare` a call of sp_executesql, and gathers its rows. */
export function query(
  connection: Connection,
  sql: string,
  prepare?: (request: Request) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const rows: unknown[][] = [];
    const request = new Request(sql, (error, count = 0) =>
      error instanceof Error ? reject(error) : resolve({ rows, count }),
    );
    request.on('row', (cells: { readonly value: unknown }[]) => rows.push(cells.map(({ value }) => value)));
    if (prepare === undefined) {
      connection.execSqlBatch(request);
    } else {
      prepare(request);
      connection.execSql(request);
    }
  });
}
