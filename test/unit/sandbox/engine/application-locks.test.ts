import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { Cell, SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, nvarchar, sampleServer } from './sample-server.js';

type Given = Readonly<Record<string, Cell>>;

const call = (session: SqlSession, procedure: string, given: Given, database?: string): Promise<number> =>
  session.call({
    procedure,
    parameters: Object.entries(given).map(([name, value]) => ({ name, type: nvarchar(255), value })),
    ...(database !== undefined && { database }),
  });

const lock = { '@Resource': 'a/1', '@LockMode': 'Exclusive', '@LockOwner': 'Session', '@LockTimeout': '0' };
const take = (session: SqlSession, given: Given = {}, database?: string): Promise<number> =>
  call(session, 'sp_getapplock', { ...lock, ...given }, database);
const release = (session: SqlSession, given: Given = {}, database?: string): Promise<number> =>
  call(session, 'sp_releaseapplock', { '@Resource': 'a/1', '@LockOwner': 'Session', ...given }, database);

// Docs: sp_getapplock (Transact-SQL), "Return code values" and "Remarks"; sp_releaseapplock (Transact-SQL).
describe('application locks', () => {
  let engine: SqlServerEngine;
  let one: SqlSession;
  let other: SqlSession;
  beforeEach(async () => {
    engine = await createEngine(sampleServer);
    one = await login(engine);
    other = await login(engine);
  });
  afterEach(() => engine.close());

  it('go to one session: 0 where granted, -1 at once to others', async () => {
    expect(await take(one)).toBe(0);
    expect(await take(other)).toBe(-1);
    expect(await take(other, { '@Resource': 'a/2' })).toBe(0);
  });

  it('last until they are released as often as they were taken', async () => {
    await take(one);
    await take(one);
    expect(await release(one)).toBe(0);
    expect(await take(other)).toBe(-1);
    await release(one);
    expect(await take(other)).toBe(0);
  });

  it('go with the session that holds them', async () => {
    await take(one);
    await one.close();
    expect(await take(other)).toBe(0);
  });

  it('are counted in each database by itself, and a call may name the one that is meant', async () => {
    expect(await take(one)).toBe(0);
    const elsewhere = await login(engine, 'Plain');
    expect(await take(elsewhere)).toBe(0);
    expect(await take(one, {}, 'tempdb')).toBe(0);
    expect(await take(elsewhere, {}, 'TempDB')).toBe(-1);
    expect(await take(elsewhere, {}, 'Snap')).toBe(-1);
    await expect(take(one, {}, 'Nowhere')).rejects.toMatchObject({ number: 911 });
  });

  it('tell names apart by case, and by 255 characters only', async () => {
    await take(one);
    expect(await take(other, { '@Resource': 'A/1' })).toBe(0);
    const long = 'x'.repeat(255);
    await take(one, { '@Resource': `${long}1` });
    expect(await take(other, { '@Resource': `${long}2` })).toBe(-1);
  });

  it.each([{ '@Resource': null }, { '@LockMode': 'Sharp' }, { '@LockOwner': 'Nobody' }])(
    'give -999 for a call with %j',
    async (given) => {
      expect(await take(one, given)).toBe(-999);
    },
  );

  it('cannot be released by a session that does not hold them', async () => {
    await take(one);
    await expect(release(other)).rejects.toMatchObject({ number: 1223 });
    expect(await take(other)).toBe(-1);
  });

  it.each([
    { '@LockMode': 'Shared' },
    { '@LockOwner': 'Transaction' },
    { '@LockTimeout': '500' },
    { '@LockTimeout': null },
    { '@DbPrincipal': 'dbo' },
  ])('that are not offered are refused, never guessed: %j', async (given) => {
    await expect(take(one, given)).rejects.toMatchObject({ number: 40515 });
  });

  it('have no other procedures, and no other arguments', async () => {
    await expect(call(one, 'sp_nothing', {})).rejects.toMatchObject({ number: 2812 });
    await expect(take(one, { '@Wait': '1' })).rejects.toMatchObject({ number: 8145 });
  });
});
