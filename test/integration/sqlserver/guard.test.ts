import { readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { GuardVerdict } from '../../../activities/contract';
import type { Dependencies } from '../../../activities/dependencies';
import type { RunContexts } from '../../../activities/run-context';
import { checkGuard, watchSource } from '../../../activities/watch-source';
import type { RunConfig, SourceGuard } from '../../../config/run-config';
import { openSession, type SourceSession } from '../../../engine/sqlserver/connection';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlServerEngine, SqlSession } from '../../../sandbox/sqlserver/engine/types';
import { startTestServer, type TestServer } from '../sandbox/tds-test-server';

const guard: SourceGuard = {
  name: 'load',
  sql: 'SELECT COUNT_BIG(*) AS [rows] FROM dbo.load',
  threshold: 5,
  recover: 2,
  everySeconds: 0.1,
};
const login = { user: 'reader', password: 'right', database: 'One', hostName: 'test' };

describe('the guard of a source', () => {
  let engine: SqlServerEngine;
  let server: TestServer;
  let application: SqlSession;
  /** What the guard's query gives, one look after the other; by default what the server says. */
  let scripted: number[] | undefined;

  const open = (signal?: AbortSignal): Promise<SourceSession> =>
    openSession(
      {
        ...login,
        alias: 'server01',
        host: 'localhost',
        port: server.port,
        ca: readFileSync(server.caFile, 'utf8'),
        applicationName: 'migrate/test',
      },
      signal,
    );
  const configWith = (guards: Readonly<Record<string, SourceGuard>>) =>
    ({
      category: 'test',
      stallSeconds: 300,
      databases: [{ server: 'server01', host: 'localhost', port: server.port, database: 'One' }],
      guards,
    }) as unknown as RunConfig;

  /** Watches until a verdict; `environment` cancels. */
  const watch = (
    reduced: boolean,
    environment = new MockActivityEnvironment(),
    changed: Partial<SourceGuard> = {},
  ) => {
    const config = configWith({ server01: { ...guard, ...changed } });
    const contexts = { of: async () => ({ runId: 'r', config }) } as unknown as RunContexts;
    const dependencies = {
      openSource: async (_config, _source, { signal }) => {
        const session = await open(signal);
        const answers = scripted;
        if (answers !== undefined) session.query = async <T>() => [{ rows: answers.shift() } as T];
        return session;
      },
    } as Partial<Dependencies> as Dependencies;
    const activity = watchSource(dependencies, contexts);
    return environment.run(() =>
      activity({ runId: 'r', server: 'server01', reduced }),
    ) as Promise<GuardVerdict>;
  };
  const execute = async (sql: string): Promise<number> => {
    let value = 0;
    for await (const event of application.execute(sql, [], new AbortController().signal))
      if (event.kind === 'rows') value = Number(event.columns[0]?.[0]);
    return value;
  };
  const load = async (rows: number): Promise<void> => {
    await execute('DELETE FROM dbo.load');
    for (let row = 0; row < rows; row += 1) await execute(`INSERT INTO dbo.load (id) VALUES (${row})`);
  };
  const sessions = (): Promise<number> =>
    execute("SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE program_name LIKE 'migrate/%'");
  const looks = (count: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, count * guard.everySeconds * 1_000));

  beforeAll(async () => {
    const id = { name: 'id', type: { name: 'int' }, nullable: false } as const;
    engine = await createEngine({
      name: 'server01',
      logins: [login],
      databases: [
        {
          name: 'One',
          snapshotIsolation: true,
          readCommittedSnapshot: false,
          tables: [{ schema: 'dbo', name: 'load', columns: [id], primaryKey: ['id'] }],
        },
      ],
    });
    server = await startTestServer(engine);
    application = await engine.login({ ...login, applicationName: 'application' });
  });
  afterAll(async () => {
    await server.close();
    await engine.close();
  });
  beforeEach(() => {
    scripted = undefined;
    return load(0);
  });
  afterEach(async () => expect(await sessions()).toBe(0));

  it('tells to shrink as soon as the number is above the threshold, and why', async () => {
    await load(5);
    const verdict = watch(false);
    while ((await sessions()) === 0) await looks(1);
    await looks(3);
    expect(await sessions()).toBe(1);
    await execute('INSERT INTO dbo.load (id) VALUES (99)');
    await expect(verdict).resolves.toEqual({
      verdict: 'shrink',
      value: 6,
      cause: 'Guard of server01 (load) gives 6, above its threshold of 5',
    });
  });

  it('looks only after a pause, so that the last change has had time to show', async () => {
    await load(9);
    const started = Date.now();
    await watch(true, undefined, { everySeconds: 0.6 });
    expect(Date.now() - started).toBeGreaterThanOrEqual(600);
  });

  it('tells to grow when two looks in a row are calm; a busier one between them begins anew', async () => {
    const answers = [3, 2, 4, 2, 1];
    scripted = answers;
    await expect(watch(true, undefined, { everySeconds: 0.02 })).resolves.toEqual({
      verdict: 'grow',
      value: 1,
      cause: 'Guard of server01 (load) gives 1, not above 2 any more',
    });
    expect(answers).toEqual([]);
  });

  it('has nothing to tell of a calm server whose limit is whole; ends at once when cancelled', async () => {
    const environment = new MockActivityEnvironment();
    let ended = false;
    const verdict = watch(false, environment, { everySeconds: 0.05 }).finally(() => {
      ended = true;
    });
    verdict.catch(() => undefined);
    await looks(8);
    expect(ended).toBe(false);
    const started = Date.now();
    environment.cancel();
    await expect(verdict).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('counts its looks as progress', async () => {
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const verdict = watch(false, environment);
    while (Number(beats.at(-1) ?? 0) === 0) await looks(1);
    await load(6);
    await verdict;
    expect(beats.map(Number)).toEqual([...beats.map(Number)].sort((a, b) => a - b));
  });

  it.each([
    ['SELECT id FROM dbo.load', 'gave 0 rows'],
    ['SELECT 1 UNION ALL SELECT 2', 'gave 2 rows'],
    ['SELECT 1 AS a, 2 AS b', 'gave 2 columns'],
    ['SELECT 1 AS a, 2 AS a', 'two columns'],
    ['SELECT SUM(id) FROM dbo.load', 'gave NULL: the login may lack a permission'],
    ["SELECT 'many'", 'no number (string)'],
  ])('refuses the query %s by the name of the guard', async (sql, reason) => {
    const failed = watch(false, undefined, { sql });
    await expect(failed).rejects.toMatchObject({
      type: 'CONFIG_INVALID',
      nonRetryable: true,
      message: expect.stringContaining(`Guard of server01 (load) gave`),
    });
    await expect(failed).rejects.toThrow(reason);
  });

  it('names the guard whose query the server refuses', async () => {
    await expect(watch(false, undefined, { sql: 'SELECT COUNT(*) FROM dbo.nothing' })).rejects.toMatchObject({
      type: 'SOURCE_OBJECT',
      message: expect.stringMatching(/^Guard of server01 \(load\): Source server01 .*nothing/),
    });
  });

  it('is tried when a run is opened', async () => {
    const session = await open();
    const check = (sql: string, database = 'One') =>
      checkGuard(
        configWith({ server01: { ...guard, sql } }),
        { server: 'server01', database },
        session,
        new AbortController().signal,
      );
    await expect(check(guard.sql)).resolves.toBeUndefined();
    await expect(check('SELECT id FROM dbo.load')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(check('nonsense', 'Two')).resolves.toBeUndefined();
    await session.close();
  });
});
