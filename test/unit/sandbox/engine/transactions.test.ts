import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer, single } from './sample-server.js';

const count = 'SELECT COUNT(*) FROM dbo.cells';
const insert = (id: string): string => `INSERT INTO dbo.cells (cell_id, at) VALUES ('${id}', '2025-03-01')`;

describe('transactions and isolation', () => {
  let engine: SqlServerEngine;
  let reader: SqlSession;
  let writer: SqlSession;
  beforeEach(async () => {
    engine = await createEngine(sampleServer);
    reader = await login(engine);
    writer = await login(engine);
  });
  afterEach(() => engine.close());

  it('SNAPSHOT sees the state as of its first data access, not of BEGIN', async () => {
    await run(reader, 'SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN');
    await run(writer, insert('before'));
    expect((await single(reader, count))[0]).toBe(5);
    await run(writer, insert('after'));
    expect((await single(reader, count))[0]).toBe(5);
    await run(reader, 'COMMIT');
    expect((await single(reader, count))[0]).toBe(6);
  });

  it('reading catalog views does not take the snapshot', async () => {
    await reader.begin('SNAPSHOT');
    await run(reader, 'SELECT name FROM sys.databases');
    await run(writer, insert('later'));
    expect((await single(reader, count))[0]).toBe(5);
  });

  it('READ COMMITTED sees what others committed between two statements', async () => {
    await reader.begin('READ COMMITTED');
    expect((await single(reader, count))[0]).toBe(4);
    await run(writer, insert('new'));
    expect((await single(reader, count))[0]).toBe(5);
  });

  it('nobody sees what is not committed, and a rollback leaves nothing', async () => {
    await run(writer, `BEGIN TRAN; ${insert('x')}`);
    expect((await single(writer, count))[0]).toBe(5);
    expect((await single(reader, count))[0]).toBe(4);
    await run(writer, 'ROLLBACK TRANSACTION');
    expect((await single(writer, count))[0]).toBe(4);
  });

  it('refuses SNAPSHOT where the database does not allow it (3952), until ALTER DATABASE does', async () => {
    const session = await login(engine, 'Plain');
    await run(session, 'SET TRANSACTION ISOLATION LEVEL SNAPSHOT');
    await expect(run(session, 'SELECT * FROM dbo.one')).rejects.toMatchObject({ number: 3952 });
    await run(session, 'ALTER DATABASE [Plain] SET ALLOW_SNAPSHOT_ISOLATION ON');
    expect((await run(session, 'SELECT * FROM dbo.one')).rows).toEqual([[1]]);
  });

  it('refuses to become SNAPSHOT in a transaction that did not start so (3951)', async () => {
    await run(reader, 'BEGIN TRAN; SET TRANSACTION ISOLATION LEVEL SNAPSHOT');
    await expect(run(reader, count)).rejects.toMatchObject({ number: 3951 });
  });

  it('two snapshots that change one row conflict (3960)', async () => {
    await reader.begin('SNAPSHOT');
    await run(reader, count);
    await run(writer, "UPDATE dbo.cells SET dropped = 1 WHERE cell_id = 'a1'");
    await expect(run(reader, "UPDATE dbo.cells SET dropped = 2 WHERE cell_id = 'a1'")).rejects.toMatchObject({
      number: 3960,
    });
  });

  it('outside a transaction a change waits for the one that holds the row', async () => {
    await writer.begin(undefined);
    await run(writer, "UPDATE dbo.cells SET dropped = 1 WHERE cell_id = 'a1'");
    const waiting = run(reader, "UPDATE dbo.cells SET dropped = dropped + 1 WHERE cell_id = 'a1'");
    await new Promise((resolve) => setTimeout(resolve, 60));
    await writer.commit();
    await waiting;
    expect((await single(reader, "SELECT dropped FROM dbo.cells WHERE cell_id = 'a1'"))[0]).toBe(2);
  });

  it('counts nested transactions, commits with the outermost, rolls back all', async () => {
    await run(writer, 'BEGIN TRAN BEGIN TRANSACTION');
    expect((await single(writer, 'SELECT @@TRANCOUNT'))[0]).toBe(2);
    await run(writer, `${insert('x')}; COMMIT`);
    expect(writer.transactionCount).toBe(1);
    await run(writer, 'IF @@TRANCOUNT > 0 ROLLBACK TRAN');
    expect(writer.transactionCount).toBe(0);
    expect((await single(writer, count))[0]).toBe(4);
  });

  it('IMPLICIT_TRANSACTIONS opens one at the first data access', async () => {
    await run(writer, 'SET IMPLICIT_TRANSACTIONS ON');
    await run(writer, 'SELECT 1');
    expect(writer.transactionCount).toBe(0);
    await run(writer, insert('x'));
    expect(writer.transactionCount).toBe(1);
    await writer.rollback();
    expect((await single(writer, count))[0]).toBe(4);
  });

  it('COMMIT and ROLLBACK without a transaction are 3902 and 3903', async () => {
    await expect(run(reader, 'COMMIT')).rejects.toMatchObject({ number: 3902 });
    await expect(run(reader, 'ROLLBACK')).rejects.toMatchObject({ number: 3903 });
  });

  it('a duplicate key is 2627 and leaves nothing behind', async () => {
    const twice = "INSERT INTO dbo.cells (cell_id, at) VALUES ('n', '2025-01-01'), ('N ', '2025-01-01')";
    await expect(run(writer, twice)).rejects.toMatchObject({ number: 2627 });
    expect((await single(writer, count))[0]).toBe(4);
  });

  it('closing a session rolls back what it left open', async () => {
    await run(writer, `BEGIN TRAN; ${insert('x')}`);
    await writer.close();
    await run(reader, insert('x'));
    expect((await single(reader, count))[0]).toBe(5);
  });
});
