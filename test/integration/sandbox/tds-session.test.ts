import { connect as connectSocket } from 'node:net';
import { type Connection, ISOLATION_LEVEL, Request, TYPES } from 'tedious';
import { type ResultColumn, SqlServerError, type SqlSession } from '../../../sandbox/sqlserver/engine/types';
import { installClients, jdbc, pymssql, type Target } from './tds-clients';
import { FakeEngine, fakeLogin, stream } from './tds-fake-engine';
import { connect, query, startTestServer, type TestServer } from './tds-test-server';

jest.setTimeout(60_000);

const number: readonly ResultColumn[] = [{ name: 'n', type: { name: 'int' }, nullable: false }];
const batch = [Array.from({ length: 2_048 }, (_, index) => index)];

/** How far the endless result got, and whether its end was seen by the engine. */
const endless = { batches: 0, stopped: false };

const engine = new FakeEngine({
  'select 1': () => stream({ columns: number, rows: [[1]] }),
  'select 2': () => stream({ columns: number, rows: [[2]] }),
  update: async function* () {
    yield { kind: 'done', rows: 3, command: 'update' };
  },
  print: async function* () {
    yield { kind: 'info', number: 0, message: 'hello' };
    yield { kind: 'done', command: 'other' };
  },
  'fail midway': async function* () {
    yield { kind: 'columns', columns: number };
    yield { kind: 'rows', count: 2, columns: [[1, 2]] };
    throw new SqlServerError(8134, 'Divide by zero error encountered.');
  },
  'null in required': () => stream({ columns: number, rows: [[1], [null]] }),
  endless: async function* (_parameters, signal) {
    Object.assign(endless, { batches: 0, stopped: false });
    yield { kind: 'columns', columns: number };
    try {
      while (!signal.aborted) {
        endless.batches += 1;
        yield { kind: 'rows', count: 2_048, columns: batch };
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      endless.stopped = true;
    }
  },
  silent: async function* (_parameters, signal) {
    yield { kind: 'columns', columns: number };
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('interrupted')));
    });
  },
  'implicit begin': async function* (_parameters, _signal, session: SqlSession) {
    await session.begin(undefined);
    yield { kind: 'done', command: 'other' };
  },
});

let server: TestServer;
let target: Target;

beforeAll(async () => {
  await installClients();
  server = await startTestServer(engine);
  target = { port: server.port, ...fakeLogin };
}, 300_000);

afterAll(() => server.close());

/** Starts a request and cancels it after its first row, or at once; resolves to the error and the milliseconds. */
function cancelled(connection: Connection, sql: string, afterRow: boolean) {
  return new Promise<{ readonly error: unknown; readonly ms: number }>((resolve) => {
    const { Request: TediousRequest } = jest.requireActual<typeof import('tedious')>('tedious');
    let start = 0;
    const request: Request = new TediousRequest(sql, (error) => {
      resolve({ error, ms: performance.now() - start });
    });
    const cancel = () => {
      start = performance.now();
      connection.cancel();
    };
    if (afterRow) {
      request.once('row', cancel);
    } else {
      setTimeout(cancel, 50);
    }
    connection.execSqlBatch(request);
  });
}

const truth = (condition: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => (condition() ? resolve() : setTimeout(look, 10));
    look();
  });

describe('a login that is refused', () => {
  const badPassword = () => ({ ...target, password: 'wrong' });
  const badDatabase = () => ({ ...target, database: 'Nowhere' });

  it('is error 18456 for a wrong password, with each client', async () => {
    expect((await jdbc(badPassword(), ['select 1']))[0]?.error).toBe(18456);
    expect((await pymssql(badPassword(), ['select 1'], 'require'))[0]?.error).toBe(18456);
    await expect(connect(badPassword(), server.caFile)).rejects.toThrow("Login failed for user 'probe'.");
  });

  it('is error 4060 followed by 18456 for a database that is not there, as SQL Server has it', async () => {
    const [first] = await jdbc(badDatabase(), ['select 1']);
    expect(first?.error).toBe(4060);
    const [freetds] = await pymssql(badDatabase(), ['select 1'], 'request');
    expect(freetds?.error).toBe(18456);
    const numbers = await loginErrors(badDatabase());
    expect(numbers).toEqual([4060, 18456]);
  });
});

/** The numbers of all errors of a login by tedious, which itself reports only the last. */
async function loginErrors(refused: Target): Promise<number[]> {
  const { Connection: TediousConnection } = jest.requireActual<typeof import('tedious')>('tedious');
  const connection = new TediousConnection({
    server: 'localhost',
    authentication: { type: 'default', options: { userName: refused.user, password: refused.password } },
    options: { port: refused.port, database: refused.database, encrypt: false },
  });
  const numbers: number[] = [];
  connection.on('errorMessage', ({ number: code }) => numbers.push(code));
  await new Promise<void>((resolve) => connection.connect(() => resolve()));
  connection.close();
  return numbers;
}

describe('a session', () => {
  let connection: Connection;

  beforeEach(async () => {
    connection = await connect(target, server.caFile);
  });

  afterEach(() => connection.close());

  it('answers each statement of a batch, counts and messages in their order', async () => {
    const messages: string[] = [];
    connection.on('infoMessage', ({ message }) => messages.push(message));
    const { rows, count } = await query(connection, 'select 1; update; print; select 2');
    expect(rows).toEqual([[1], [2]]);
    expect(count).toBe(1 + 3 + 1);
    expect(messages).toEqual(['hello']);
  });

  it('gives the rows before an error, then the error, and goes on', async () => {
    await expect(query(connection, 'select 1; fail midway')).rejects.toMatchObject({ number: 8134 });
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
    const [error, after] = await jdbc(target, ['fail midway', 'select 2']);
    expect([error?.error, after?.rows]).toEqual([8134, [['2']]]);
    const [second, later] = await pymssql(target, ['fail midway', 'select 2'], 'off');
    expect([second?.error, later?.rows]).toEqual([8134, [['2']]]);
  });

  it('reports a procedure that is not there as 2812', async () => {
    const [answer] = await pymssql(target, ['!call sp_nothing'], 'off');
    expect(answer?.error).toBe(2812);
  });

  it('gives the status that a procedure of the engine returns', async () => {
    const statuses: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const request = new Request('tempdb.sys.sp_known', (error) => (error ? reject(error) : resolve()));
      request.on('doneProc', (_rows, _more, returned) => statuses.push(returned));
      request.addParameter('Resource', TYPES.NVarChar, 'a');
      connection.callProcedure(request);
    });
    expect(statuses).toEqual([-1]);
    expect(engine.log).toContain('call tempdb..sp_known a');
  });

  it('keeps a mistake of the stand-in from reaching the client, and the connection from breaking', async () => {
    const before = server.internalErrors.length;
    await expect(query(connection, 'null in required')).rejects.toMatchObject({ number: 8624 });
    expect(server.internalErrors).toHaveLength(before + 1);
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
  });

  it('tells the client of a change of database', async () => {
    const changes: string[] = [];
    connection.on('databaseChange', (name) => changes.push(name ?? ''));
    await query(connection, 'use DatabaseB');
    expect(changes).toEqual(['DatabaseB']);
  });

  it('begins, commits and rolls back by transaction manager requests, with the isolation asked for', async () => {
    engine.log.length = 0;
    const step = (start: (done: (error?: Error | null) => void) => void) =>
      new Promise<void>((resolve, reject) => {
        start((error) => (error ? reject(error) : resolve()));
      });
    await step((done) => connection.beginTransaction(done, '', ISOLATION_LEVEL.SNAPSHOT));
    await query(connection, 'select 1');
    await step((done) => connection.commitTransaction(done));
    await step((done) => connection.beginTransaction(done));
    await step((done) => connection.rollbackTransaction(done));
    expect(engine.log).toEqual(['begin SNAPSHOT', 'commit', 'begin READ COMMITTED', 'rollback']);
  });

  it('announces a transaction that T-SQL began, so that a client can end it', async () => {
    engine.log.length = 0;
    await query(connection, 'implicit begin');
    await new Promise<void>((resolve, reject) => {
      connection.commitTransaction((error) => (error ? reject(error) : resolve()));
    });
    expect(engine.log).toEqual(['begin default', 'commit']);
  });

  it('is as new after a reset: another database, an open transaction and prepared statements are gone', async () => {
    await query(connection, 'use DatabaseB');
    await query(connection, 'begin tran');
    engine.log.length = 0;
    await new Promise<void>((resolve, reject) => {
      connection.reset((error) => (error ? reject(error) : resolve()));
    });
    expect(engine.log).toEqual(['close', 'login DatabaseA']);
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
  });

  it('closes the engine session when the client goes away, also in the middle of a result', async () => {
    const other = await connect(target);
    engine.log.length = 0;
    void query(other, 'endless').catch(() => undefined);
    await truth(() => endless.batches > 5);
    other.close();
    await truth(() => endless.stopped && engine.log.includes('close'));
  });
});

describe('ATTENTION', () => {
  it('stops a result in its middle and leaves the connection usable, with tedious', async () => {
    const connection = await connect(target, server.caFile);
    const { error, ms } = await cancelled(connection, 'endless', true);
    expect(error).toMatchObject({ code: 'ECANCEL' });
    expect(ms).toBeLessThan(10_000);
    expect(endless.stopped).toBe(true);
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
    connection.close();
  });

  it('stops a statement that has sent nothing for a while', async () => {
    const connection = await connect(target);
    const { error, ms } = await cancelled(connection, 'silent', false);
    expect(error).toMatchObject({ code: 'ECANCEL' });
    expect(ms).toBeLessThan(2_000);
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
    connection.close();
  });

  it("stops a result in its middle with Microsoft's JDBC driver and with FreeTDS", async () => {
    const [fromJdbc, next] = await jdbc(target, ['!cancel endless', 'select 1']);
    expect(fromJdbc?.cancelled).toBe(true);
    expect(fromJdbc?.ms).toBeLessThan(5_000);
    expect(next?.rows).toEqual([['1']]);
    const [fromFreeTds, after] = await pymssql(target, ['!cancel endless', 'select 1'], 'require');
    expect(fromFreeTds?.cancelled).toBe(true);
    expect(fromFreeTds?.ms).toBeLessThan(5_000);
    expect(after?.rows).toEqual([['1']]);
  });
});

describe('a result that nobody reads', () => {
  it('waits in the engine instead of filling memory', async () => {
    const connection = await connect(target);
    const { Request: TediousRequest } = jest.requireActual<typeof import('tedious')>('tedious');
    const request = new TediousRequest('endless', () => undefined);
    request.once('row', () => request.pause());
    connection.execSqlBatch(request);
    await truth(() => endless.batches > 10);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = endless.batches;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(endless.batches).toBe(before);
    connection.cancel();
    await truth(() => endless.stopped);
    connection.close();
  });
});

describe('bytes that are not TDS', () => {
  it('end their connection and no other', async () => {
    const connection = await connect(target);
    const socket = connectSocket(server.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end('GET / HTTP/1.1\r\n\r\n');
    await closed;
    await expect(query(connection, 'select 1')).resolves.toMatchObject({ rows: [[1]] });
    connection.close();
  });
});
