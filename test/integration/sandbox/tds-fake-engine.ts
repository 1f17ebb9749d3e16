import {
  type Cell,
  type IsolationLevel,
  type Parameter,
  type ProcedureCall,
  type ResultColumn,
  type ResultEvent,
  type SqlServerEngine,
  SqlServerError,
  type SqlSession,
} from '../../../sandbox/sqlserver/engine/types';

/** One result that a fake statement gives: the rows are row-major here for reading's sake. */
export interface FakeResult {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

export type FakeStatement = (
  parameters: readonly Parameter[],
  signal: AbortSignal,
  session: SqlSession,
) => AsyncIterable<ResultEvent>;

export const fakeLogin = { user: 'probe', password: 'Pröbe-1€', database: 'DatabaseA' } as const;

/** Streams a result as the engine does: columns, column-major rows, done. */
export async function* stream({ columns, rows }: FakeResult): AsyncIterable<ResultEvent> {
  yield { kind: 'columns', columns };
  if (rows.length > 0) {
    const columnMajor = columns.map((_, index) => rows.map((row) => row[index] as Cell));
    yield { kind: 'rows', count: rows.length, columns: columnMajor };
  }
  yield { kind: 'done', rows: rows.length, command: 'select' };
}

/** An engine that knows a few statements by their text: what the protocol is tested against on its own. */
export class FakeEngine implements SqlServerEngine {
  readonly log: string[] = [];
  readonly #statements: ReadonlyMap<string, FakeStatement>;

  constructor(statements: Readonly<Record<string, FakeStatement>>) {
    this.#statements = new Map(Object.entries(statements));
  }

  async login({ user, password, database = 'master' }: Parameters<SqlServerEngine['login']>[0]) {
    if (user !== fakeLogin.user || password !== fakeLogin.password) {
      throw new SqlServerError(18456, `Login failed for user '${user}'.`, 14);
    }
    if (database !== 'master' && database !== fakeLogin.database) {
      const text = `Cannot open database "${database}" requested by the login. The login failed.`;
      throw new SqlServerError(4060, text, 11);
    }
    this.log.push(`login ${database}`);
    return new FakeSession(database, this.#statements, this.log);
  }

  async close(): Promise<void> {}
}

class FakeSession implements SqlSession {
  transactionCount = 0;

  constructor(
    public database: string,
    readonly statements: ReadonlyMap<string, FakeStatement>,
    readonly log: string[],
  ) {}

  async *execute(
    sql: string,
    parameters: readonly Parameter[],
    signal: AbortSignal,
  ): AsyncIterable<ResultEvent> {
    for (const part of sql.split(';').map(normalize)) {
      yield* this.#run(part, parameters, signal);
    }
  }

  async call({ procedure, database, parameters }: ProcedureCall): Promise<number> {
    if (procedure !== 'sp_known') throw new SqlServerError(2812, `Could not find '${procedure}'.`, 16, 62);
    this.log.push(`call ${database ?? this.database}..${procedure} ${parameters.map(({ value }) => value)}`);
    return -1;
  }

  async begin(isolation: IsolationLevel | undefined): Promise<void> {
    this.log.push(`begin ${isolation ?? 'default'}`);
    this.transactionCount = 1;
  }

  async commit(): Promise<void> {
    this.log.push('commit');
    this.transactionCount = 0;
  }

  async rollback(): Promise<void> {
    this.log.push('rollback');
    this.transactionCount = 0;
  }

  async close(): Promise<void> {
    this.log.push('close');
  }

  async *#run(
    sql: string,
    parameters: readonly Parameter[],
    signal: AbortSignal,
  ): AsyncIterable<ResultEvent> {
    const known = this.statements.get(sql);
    if (known !== undefined) {
      yield* known(parameters, signal, this);
    } else if (/^use /i.test(sql)) {
      this.database = sql.slice(4);
      yield { kind: 'database', name: this.database };
      yield { kind: 'done', command: 'other' };
    } else if (/^begin tran/i.test(sql)) {
      await this.begin(undefined);
      yield { kind: 'done', command: 'other' };
    } else if (/^(commit|if @@trancount > 0 commit)/i.test(sql)) {
      await this.commit();
      yield { kind: 'done', command: 'other' };
    } else if (/^(set |$)/i.test(sql)) {
      yield { kind: 'done', command: 'other' };
    } else {
      throw new SqlServerError(208, `Invalid object name '${sql}'.`);
    }
  }
}

/** Drivers pad the marks of parameters with blanks. */
function normalize(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, ' ').replaceAll(/ ?, ?/g, ',');
}
