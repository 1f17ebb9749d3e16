import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database, Server, SessionInfo } from '../catalog/catalog.js';
import { unknownDatabase, unknownProcedure } from '../errors.js';
import { type Statement, statementsOf } from '../parse/batch.js';
import { parseStatement } from '../parse/statement.js';
import type { Env, Query, SessionFacts } from '../translate/env.js';
import { translateQuery } from '../translate/query.js';
import { plan } from '../translate/write.js';
import type { IsolationLevel, Parameter, ProcedureCall, ResultEvent, SqlSession } from '../types.js';
import { applySetting, type Settings } from './settings.js';
import { StatementRunner } from './statement-runner.js';
import { TransactionState } from './transaction.js';

export interface SessionIdentity {
  readonly id: number;
  readonly login: string;
  readonly applicationName: string;
  readonly hostName: string;
}

/** A login's session: one DuckDB connection, its current database, its transaction. */
export class EngineSession implements SqlSession, SessionInfo {
  readonly id: number;
  readonly login: string;
  readonly applicationName: string;
  readonly hostName: string;
  command: string | undefined;
  #database: Database;
  #rowCount = 0;
  #closed = false;
  readonly #settings: Settings = { noCount: false };
  readonly #transaction: TransactionState;
  readonly #runner: StatementRunner;

  constructor(
    private readonly server: Server,
    private readonly connection: DuckDBConnection,
    database: Database,
    identity: SessionIdentity,
  ) {
    this.#database = database;
    this.id = identity.id;
    this.login = identity.login;
    this.applicationName = identity.applicationName;
    this.hostName = identity.hostName;
    this.#transaction = new TransactionState(connection);
    this.#runner = new StatementRunner(connection, this.#transaction);
  }

  get database(): string {
    return this.#database.name;
  }

  get transactionCount(): number {
    return Math.min(1, this.#transaction.count);
  }

  async call(call: ProcedureCall): Promise<number> {
    const database = call.database === undefined ? this.#database : this.server.database(call.database);
    if (database === undefined) throw unknownDatabase(call.database ?? '');
    const { applicationLocks } = this.server;
    if (call.procedure === 'sp_getapplock') return applicationLocks.take(this.id, database.name, call);
    if (call.procedure === 'sp_releaseapplock') return applicationLocks.release(this.id, database.name, call);
    throw unknownProcedure(call.procedure);
  }

  async begin(isolation: IsolationLevel | undefined): Promise<void> {
    if (isolation !== undefined) this.#transaction.isolation = isolation;
    this.#transaction.begin();
  }

  async commit(): Promise<void> {
    await this.#transaction.commit();
  }

  async rollback(): Promise<void> {
    await this.#transaction.rollback();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.server.sessions.delete(this.id);
    this.server.applicationLocks.releaseAll(this.id);
    this.connection.interrupt();
    await this.#runner.settled();
    if (this.#transaction.count > 0) await this.#transaction.rollback().catch(() => undefined);
    this.connection.closeSync();
  }

  /** See SqlSession. Where `signal` aborts, DuckDB is interrupted and the signal's reason is thrown. */
  async *execute(
    sql: string,
    parameters: readonly Parameter[],
    signal: AbortSignal,
  ): AsyncGenerator<ResultEvent, void> {
    signal.throwIfAborted();
    const interrupt = (): void => this.connection.interrupt();
    signal.addEventListener('abort', interrupt);
    const named = new Map(parameters.map((parameter) => [parameter.name.toLowerCase(), parameter]));
    try {
      for (const statement of statementsOf(sql)) yield* this.#run(statement, named, signal);
    } finally {
      signal.removeEventListener('abort', interrupt);
      this.command = undefined;
    }
  }

  async *#run(
    statement: Statement,
    parameters: ReadonlyMap<string, Parameter>,
    signal: AbortSignal,
  ): AsyncGenerator<ResultEvent, void> {
    switch (statement.kind) {
      case 'sql':
        yield* this.#sql(statement.sql, statement.line, parameters, signal);
        return;
      case 'if': {
        const env = this.#env(parameters);
        const parsed = parseStatement(`SELECT 1 WHERE ${statement.condition}`, statement.line);
        const query = translateQuery({ [parsed.kind]: parsed.body }, undefined, env);
        await this.#transaction.access(env.touched, false);
        const branch = (await this.#runner.hasRows(query)) ? statement.whenTrue : statement.whenFalse;
        for (const inner of branch) yield* this.#run(inner, parameters, signal);
        return;
      }
      case 'use':
        yield* this.#use(statement.database);
        return;
      case 'set':
        for (const option of statement.options) yield* this.#set(option, statement.value);
        break;
      case 'isolation':
        this.#transaction.isolation = statement.level;
        break;
      case 'transaction':
        await this.#endOrBegin(statement.verb);
        break;
      case 'alterDatabase':
        this.#alterDatabase(statement);
        break;
    }
    yield { kind: 'done', command: 'other' };
  }

  #env(parameters: ReadonlyMap<string, Parameter>): Env {
    let aliases = 0;
    const facts: SessionFacts = {
      id: this.id,
      login: this.login,
      hostName: this.hostName,
      applicationName: this.applicationName,
      transactionCount: this.#transaction.count,
      rowCount: this.#rowCount,
    };
    const env: Env = {
      server: this.server,
      database: this.#database,
      facts,
      now: new Date(),
      parameters,
      touched: new Set<Database>(),
      alias: () => `s${++aliases}`,
      query: (node, outer): Query => translateQuery(node, outer, env),
    };
    return env;
  }

  async *#sql(
    sql: string,
    line: number,
    parameters: ReadonlyMap<string, Parameter>,
    signal: AbortSignal,
  ): AsyncGenerator<ResultEvent, void> {
    this.command = /^\w+/.exec(sql)?.[0].toUpperCase();
    const env = this.#env(parameters);
    const planned = plan(parseStatement(sql, line), env);
    await this.#transaction.access(env.touched, planned.kind !== 'query');
    if (planned.kind === 'query') {
      yield { kind: 'columns', columns: planned.query.columns };
      this.#rowCount = yield* this.#runner.query(planned.query, signal);
      yield this.#done('select');
    } else if (planned.kind === 'write') {
      this.#rowCount = await this.#runner.write(planned, signal);
      yield planned.command === 'other' ? { kind: 'done', command: 'other' } : this.#done(planned.command);
    } else {
      await this.#runner.define(planned);
      yield { kind: 'done', command: 'other' };
    }
  }

  #done(command: 'select' | 'insert' | 'update' | 'delete'): ResultEvent {
    return this.#settings.noCount
      ? { kind: 'done', command }
      : { kind: 'done', rows: this.#rowCount, command };
  }

  async *#use(name: string): AsyncGenerator<ResultEvent, void> {
    const database = this.server.database(name);
    if (!database) throw unknownDatabase(name);
    this.#database = database;
    yield { kind: 'database', name: database.name };
    yield { kind: 'done', command: 'other' };
  }

  *#set(option: string, value: string): Generator<ResultEvent, void> {
    if (option === 'IMPLICIT_TRANSACTIONS') {
      this.#transaction.implicit = /^on$/i.test(value);
      return;
    }
    applySetting(option, value, this.#settings);
    if (option === 'LANGUAGE') {
      yield { kind: 'info', number: 5703, message: 'Changed language setting to us_english.' };
    }
  }

  async #endOrBegin(verb: 'BEGIN' | 'COMMIT' | 'ROLLBACK'): Promise<void> {
    if (verb === 'BEGIN') this.#transaction.begin();
    else if (verb === 'COMMIT') await this.#transaction.commit();
    else await this.#transaction.rollback();
  }

  #alterDatabase(statement: Extract<Statement, { kind: 'alterDatabase' }>): void {
    const current = statement.database.toUpperCase() === 'CURRENT';
    const database = current ? this.#database : this.server.database(statement.database);
    if (!database) throw unknownDatabase(statement.database);
    if (statement.option === 'ALLOW_SNAPSHOT_ISOLATION') database.snapshotIsolation = statement.on;
    else database.readCommittedSnapshot = statement.on;
  }
}
