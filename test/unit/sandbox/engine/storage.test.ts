import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerDefinition } from '../../../../sandbox/sqlserver/engine/definition.js';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine } from '../../../../sandbox/sqlserver/engine/types.js';
import { decimal, login, plain, run, single, varchar } from './sample-server.js';

const million = (storage: string, rows: number): ServerDefinition => ({
  name: 'big',
  storage,
  logins: [{ user: 'reader', password: 'right' }],
  databases: [
    {
      name: 'Snap',
      snapshotIsolation: true,
      readCommittedSnapshot: false,
      tables: [
        {
          schema: 'dbo',
          name: 'many',
          primaryKey: ['id'],
          columns: [
            { name: 'id', type: plain('int'), nullable: false },
            { name: 'name', type: varchar(40), nullable: true },
            { name: 'usage', type: decimal(11, 3), nullable: true },
            { name: 'at', type: plain('datetime'), nullable: true },
          ],
          fill: `SELECT i, 'cell number ' || i, i / 8.0, TIMESTAMP '2025-01-01' + to_milliseconds(i) FROM range(${rows}) r(i)`,
        },
      ],
    },
  ],
});

describe('storage and streaming', () => {
  const directory = mkdtempSync(join(tmpdir(), 'engine-'));
  let engine: SqlServerEngine | undefined;
  const start = async (rows: number): Promise<SqlServerEngine> => {
    engine = await createEngine(million(directory, rows));
    return engine;
  };
  afterEach(() => engine?.close());
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('a second start finds the tables as they were left; a changed definition fills anew', async () => {
    const count = async (rows: number): Promise<unknown> => {
      const session = await login(await start(rows));
      return (await single(session, 'SELECT COUNT(*) FROM dbo.many'))[0];
    };
    expect(await count(10)).toBe(10);
    await run(await login(engine as SqlServerEngine), 'DELETE FROM dbo.many WHERE id < 4');
    await engine?.close();
    expect(await count(10)).toBe(6);
    await engine?.close();
    expect(await count(20)).toBe(20);
  });

  it('streams in bounded pieces, and stops at once when aborted', async () => {
    const session = await login(await start(300_000));
    let rows = 0;
    let largest = 0;
    for await (const event of session.execute('SELECT * FROM dbo.many', [], new AbortController().signal)) {
      if (event.kind !== 'rows') continue;
      rows += event.count;
      largest = Math.max(largest, event.count);
    }
    expect([rows, largest]).toEqual([300_000, 2048]);

    const abort = new AbortController();
    const stopped = (async () => {
      for await (const event of session.execute('SELECT * FROM dbo.many', [], abort.signal)) {
        if (event.kind === 'rows') abort.abort();
      }
    })();
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect((await single(session, 'SELECT COUNT(*) FROM dbo.many'))[0]).toBe(300_000);
  });

  it('interrupts a query that has given no row yet', async () => {
    const session = await login(await start(300_000));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const heavy = run.bind(null, session);
    const query = session.execute(
      'SELECT COUNT_BIG(*) FROM dbo.many a, dbo.many b, dbo.many c WHERE a.id + b.id = c.id + 1',
      [],
      abort.signal,
    );
    const stopped = (async () => {
      for await (const _event of query);
    })();
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect((await heavy('SELECT 1')).rows).toEqual([[1]]);
  });

  it('an abandoned result does not disturb the next statement', async () => {
    const session = await login(await start(300_000));
    for await (const event of session.execute('SELECT * FROM dbo.many', [], new AbortController().signal)) {
      if (event.kind === 'rows') break;
    }
    expect((await single(session, 'SELECT MAX(id) FROM dbo.many'))[0]).toBe(299_999);
  });
});
