import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, type SourceEndpoint, type SourceSession } from '../../../engine/sqlserver/connection';
import { type LimitedSource, openWithinLimit } from '../../../engine/sqlserver/open-within-limit';
import { SessionLocks } from '../../../engine/sqlserver/session-locks';
import { createEngine } from '../../../sandbox/sqlserver/engine/engine';
import type { SqlServerEngine } from '../../../sandbox/sqlserver/engine/types';
import { startTestServer, type TestServer } from '../sandbox/tds-test-server';
import { intColumn, result, startScriptedServer } from './scripted-server';

const database = (name: string) => ({
  name,
  snapshotIsolation: true,
  readCommittedSnapshot: false,
  tables: [],
});

describe('the limit of a server, kept by the server itself', () => {
  let engine: SqlServerEngine;
  let server: TestServer;
  const opened: SourceSession[] = [];
  let attempts = 0;
  let waits = 0;

  const endpoint = (database: string): SourceEndpoint => ({
    alias: 'server01',
    host: 'localhost',
    port: server.port,
    database,
    user: 'reader',
    password: 'right',
    ca: readFileSync(server.caFile, 'utf8'),
    applicationName: 'migrate/test',
  });
  const source = (limit: number, more: Partial<LimitedSource> = {}, name = 'One'): LimitedSource => ({
    open: async () => {
      attempts += 1;
      const session = await openSession(endpoint(name));
      opened.push(session);
      return session;
    },
    limit: async () => limit,
    locks: new SessionLocks(),
    waiting: () => {
      waits += 1;
    },
    signal: new AbortController().signal,
    ...more,
  });
  const loggedIn = async (): Promise<number> => {
    const session = await engine.login({
      user: 'reader',
      password: 'right',
      database: 'One',
      applicationName: 'sampler',
      hostName: 'test',
    });
    let count = 0;
    const asked = session.execute(
      "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE program_name LIKE 'migrate/%'",
      [],
      new AbortController().signal,
    );
    for await (const event of asked) if (event.kind === 'rows') count = Number(event.columns[0]?.[0]);
    await session.close();
    return count;
  };

  beforeAll(async () => {
    engine = await createEngine({
      name: 'server01',
      logins: [{ user: 'reader', password: 'right' }],
      databases: [database('One'), database('Two')],
    });
    server = await startTestServer(engine);
  });
  afterAll(async () => {
    await server.close();
    await engine.close();
  });
  beforeEach(() => {
    attempts = 0;
    waits = 0;
  });
  afterEach(async () => {
    for (const session of opened.splice(0)) await session.close();
  });

  it('lets in as many sessions as there are locks, over all databases of the server', async () => {
    await Promise.all([
      openWithinLimit(source(3)),
      openWithinLimit(source(3, {}, 'Two')),
      openWithinLimit(source(3)),
    ]);
    const late = openWithinLimit(source(3, { patienceMs: 0 }, 'Two'));
    await expect(late).rejects.toMatchObject({
      code: 'SOURCE_BUSY',
      retryable: true,
      message: expect.stringMatching(/database Two: none of the 3 sessions.*migration\/1 to migration\/3/),
    });
    expect(await loggedIn()).toBe(3);
  });

  it('lets the next one in when a session logs out, or is lost', async () => {
    const first = await openWithinLimit(source(1));
    const second = openWithinLimit(source(1));
    setTimeout(() => void first.close(), 300);
    const won = await second;
    expect(waits).toBeGreaterThan(0);
    won.cancel(new Error('lost'));
    await expect(openWithinLimit(source(1))).resolves.toBeDefined();
  }, 20_000);

  it('has room again as soon as a session is closed', async () => {
    for (let turn = 0; turn < 10; turn += 1) await (await openWithinLimit(source(1))).close();
    expect(waits).toBe(0);
    expect(await loggedIn()).toBe(0);
  }, 20_000);

  it('follows a limit that is raised meanwhile', async () => {
    await openWithinLimit(source(1));
    let limit = 1;
    const next = openWithinLimit(source(1, { limit: async () => limit }));
    limit = 2;
    await expect(next).resolves.toBeDefined();
    expect(attempts).toBeGreaterThan(2);
  }, 20_000);

  it('lets nobody in where the limit is 0', async () => {
    await expect(openWithinLimit(source(0, { patienceMs: 0 }))).rejects.toMatchObject({
      code: 'SOURCE_BUSY',
    });
    expect(await loggedIn()).toBe(0);
  });

  it('ends waiting with the reason for which the step ends', async () => {
    await openWithinLimit(source(1));
    const reason = new Error('cancelled');
    const control = new AbortController();
    const waiting = openWithinLimit(
      source(1, { signal: control.signal, waiting: () => control.abort(reason) }),
    );
    await expect(waiting).rejects.toBe(reason);
    expect(await loggedIn()).toBe(1);
  });

  it.each([0, 1, 8, 20])(
    'leaves no session behind when its signal aborts %i ms after the opening began',
    async (milliseconds) => {
      const reason = new Error('enough');
      const control = new AbortController();
      const opening = openSession(endpoint('One'), control.signal);
      if (milliseconds > 0) await sleep(milliseconds);
      control.abort(reason);
      // On a fast machine it may have been opened by then, and is ended all the same.
      const session = await opening.catch((error: unknown) => error);
      if (session !== reason) await (session as SourceSession).close();
      const longerThanALogin = 500;
      await sleep(longerThanALogin);
      expect(await loggedIn()).toBe(0);
    },
  );

  it('closes a session whose lock could not be asked for', async () => {
    const failing = new SessionLocks();
    failing.take = () => Promise.reject(new Error('asked in vain'));
    await expect(openWithinLimit(source(1, { locks: failing }))).rejects.toThrow('asked in vain');
    expect(await loggedIn()).toBe(0);
  });

  it.each([
    [3, 'tempdb..sp_getapplock'],
    [5, 'DatabaseA..sp_getapplock'],
    [12, 'DatabaseA..sp_getapplock'],
  ])('asks in the database that every session of engine edition %i can reach', async (edition, called) => {
    const scripted = await startScriptedServer(() => result([intColumn('engineEdition')], [[edition]]));
    const session = await openSession(scripted.endpoint);
    expect(await new SessionLocks().take(session, 4)).toBe(true);
    expect(scripted.seen.called).toEqual([called]);
    await session.close();
    await scripted.close();
  });
});
