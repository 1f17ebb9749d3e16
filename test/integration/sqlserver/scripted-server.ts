import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceEndpoint } from '../../../engine/sqlserver/connection';
import { ensureCertificates } from '../../../sandbox/services/certificates';
import {
  type Cell,
  type IsolationLevel,
  type Parameter,
  type ResultColumn,
  type ResultEvent,
  type SqlServerEngine,
  SqlServerError,
  type SqlSession,
} from '../../../sandbox/sqlserver/engine/types';
import { startTdsServer } from '../../../sandbox/sqlserver/server';

/** Answers a statement; those of the session's set-up never reach it. */
export type Script = (
  sql: string,
  parameters: readonly Parameter[],
  signal: AbortSignal,
) => AsyncIterable<ResultEvent>;

/** A TDS server whose every answer a test writes itself, to see what the reader makes of it. */
export interface ScriptedServer {
  readonly endpoint: SourceEndpoint;
  readonly seen: {
    logins: number;
    open: number;
    applicationName: string | undefined;
    setUp: string[];
    begun: (IsolationLevel | undefined)[];
    committed: number;
    rolledBack: number;
    called: string[];
  };
  close(): Promise<void>;
}

/** Made once: a key costs more than all the rest of a test. */
const certificates = ensureCertificates(mkdtempSync(join(tmpdir(), 'tls-')));

const password = 'Correct-Horse-1';

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const { caFile, certFile, keyFile } = await certificates;
  const seen: ScriptedServer['seen'] = {
    logins: 0,
    open: 0,
    applicationName: undefined,
    setUp: [],
    begun: [],
    committed: 0,
    rolledBack: 0,
    called: [],
  };
  const server = await startTdsServer({
    engine: scriptedEngine(script, seen),
    host: '127.0.0.1',
    port: 0,
    tls: {
      key: readFileSync(keyFile, 'utf8'),
      cert: readFileSync(certFile, 'utf8'),
    },
    serverName: 'scripted',
  });
  return {
    seen,
    close: () => server.close(),
    endpoint: {
      alias: 'server01',
      host: 'localhost',
      port: server.port,
      database: 'DatabaseA',
      user: 'reader',
      password,
      ca: readFileSync(caFile, 'utf8'),
      applicationName: 'migrate/test',
    },
  };
}

function scriptedEngine(script: Script, seen: ScriptedServer['seen']): SqlServerEngine {
  return {
    async login(credentials) {
      if (credentials.password !== password)
        throw new SqlServerError(18456, "Login failed for user 'reader'.", 14);
      if (credentials.database !== 'DatabaseA') throw new SqlServerError(4060, 'Cannot open database.', 11);
      seen.logins += 1;
      seen.open += 1;
      seen.applicationName = credentials.applicationName;
      return scriptedSession(script, seen);
    },
    close: async () => undefined,
  };
}

function scriptedSession(script: Script, seen: ScriptedServer['seen']): SqlSession {
  let transactions = 0;
  return {
    database: 'DatabaseA',
    get transactionCount() {
      return transactions;
    },
    async *execute(sql, parameters, signal) {
      if (!/^\s*(--.*\s*)*set /i.test(sql)) return yield* script(sql, parameters, signal);
      seen.setUp.push(sql);
      yield { kind: 'done', command: 'other' };
    },
    async call({ database, procedure }) {
      seen.called.push(`${database ?? this.database}..${procedure}`);
      return 0;
    },
    async begin(isolation) {
      seen.begun.push(isolation);
      transactions = 1;
    },
    async commit() {
      seen.committed += 1;
      transactions = 0;
    },
    async rollback() {
      seen.rolledBack += 1;
      transactions = 0;
    },
    async close() {
      seen.open -= 1;
    },
  };
}

export const textColumn = (name: string): ResultColumn => ({
  name,
  type: { name: 'nvarchar', length: 50, collation: 'SQL_Latin1_General_CP1_CI_AS' },
  nullable: true,
});
export const intColumn = (name: string): ResultColumn => ({ name, type: { name: 'int' }, nullable: true });

/** One statement's result out of rows. */
export async function* result(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]) {
  yield { kind: 'columns', columns } as const;
  if (rows.length > 0) {
    const transposed = columns.map((_, at) => rows.map((row) => row[at] ?? null));
    yield { kind: 'rows', count: rows.length, columns: transposed } as const;
  }
  yield { kind: 'done', rows: rows.length, command: 'select' } as const;
}
