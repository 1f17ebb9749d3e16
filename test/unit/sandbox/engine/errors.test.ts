import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer, utf8 } from './sample-server.js';

describe('errors as SQL Server numbers them', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());

  it.each([
    ['SELECT * FROM dbo.nope', 208, "Invalid object name 'dbo.nope'."],
    ['SELECT * FROM sys.nope', 208, "Invalid object name 'sys.nope'."],
    ['SELECT nope FROM dbo.cells', 207, "Invalid column name 'nope'."],
    ['SELECT x.cell_id FROM dbo.cells', 4104, 'The multi-part identifier "x.cell_id" could not be bound.'],
    ['SELECT at FROM dbo.cells a, dbo.cells b', 209, "Ambiguous column name 'at'."],
    ['SELECT 1 frm x y', 102, "Incorrect syntax near 'x'."],
    ['SELEC 1', 102, "Incorrect syntax near 'SELEC'."],
    ['SELECT cell_id, COUNT(*) FROM dbo.cells', 8120, /'cell_id' is invalid in the select list/],
    [
      "SELECT CONVERT(int, 'abc')",
      245,
      "Conversion failed when converting the varchar value 'abc' to data type int.",
    ],
    ["SELECT CONVERT(decimal(5,2), 'abc')", 8114, /converting data type varchar to numeric/],
    ["SELECT CONVERT(datetime2(3), '2025-02-30')", 241, /date and\/or time/],
    ["SELECT CONVERT(datetime, '2025-01-01T00:00:00.1234')", 241, /date and\/or time/],
    ['SELECT 1 / 0', 8134, 'Divide by zero error encountered.'],
    ['SELECT 2147483647 + 1', 8115, /overflow/],
    ['SELECT CONVERT(tinyint, 256)', 8115, /overflow/],
    ['SELECT SUM(CONVERT(int, 2000000000)) FROM dbo.cells', 8115, /overflow/],
    ['SELECT MAX(active) FROM dbo.cells', 8116, /Argument data type bit is invalid/],
    ['SELECT CONVERT(int, CONVERT(date, NULL)), CONVERT(date, 5)', 529, /not allowed/],
    ['SELECT nofunction(1)', 195, "'nofunction' is not a recognized built-in function name."],
    ['USE nowhere', 911, /'nowhere' does not exist/],
    ['SET NONSENSE ON', 195, /not a recognized SET option/],
    ["INSERT INTO dbo.cells (cell_id) VALUES ('z')", 515, /NULL into column 'at'/],
    ["INSERT INTO dbo.cells (cell_id, at) VALUES ('123456789012345678901', '2025-01-01')", 2628, /truncated/],
    ["SELECT 'a' COLLATE Icelandic_CI_AS", 448, "Invalid collation 'Icelandic_CI_AS'."],
    ['SELECT (SELECT cell_id FROM dbo.cells)', 512, /more than 1 value/],
    ['CREATE TABLE dbo.cells (a int)', 2714, /already an object named 'cells'/],
    ['DROP TABLE dbo.nope', 3701, /Cannot drop the table 'nope'/],
  ])('%s is %i', async (sql, number, message) => {
    await expect(run(session, sql)).rejects.toMatchObject({
      number,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it.each([
    'EXEC sp_who',
    'DECLARE @x int',
    'SELECT TOP (5) PERCENT 1',
    'SELECT TOP (1) WITH TIES cell_id FROM dbo.cells ORDER BY cell_id',
    'SELECT ROW_NUMBER() OVER (ORDER BY cell_id) FROM dbo.cells',
    "SELECT 1 WHERE 'a' LIKE '[a-z]'",
    'SELECT CONVERT(geometry, 1)',
    'SELECT CONVERT(varchar(20), 1.5e0)',
    "SELECT CONVERT(varchar(20), CONVERT(datetime, '2025-01-01'), 100)",
    'SELECT * FROM dbo.cells CROSS APPLY (SELECT 1 AS x) y',
    'SELECT 1 OPTION (HASH JOIN)',
    'SELECT * INTO dbo.copy FROM dbo.cells',
    'BEGIN TRY SELECT 1 END TRY BEGIN CATCH END CATCH',
    'CREATE TABLE #t (a int)',
    'SET QUOTED_IDENTIFIER OFF',
  ])('refuses %s rather than guess', async (sql) => {
    await expect(run(session, sql)).rejects.toMatchObject({
      number: 40515,
      severity: 16,
      message: expect.stringMatching(/^The sandbox does not support /),
    });
  });

  it('says on which line of the batch the syntax is wrong', async () => {
    await expect(run(session, 'SELECT 1;\nSELECT 1 frm x y')).rejects.toMatchObject({ number: 102, line: 2 });
  });

  it('refuses a wrong password or user with 18456 and a wrong database with 4060', async () => {
    const attempt = (user: string, password: string, database: string): Promise<SqlSession> =>
      engine.login({ user, password, database, applicationName: '', hostName: '' });
    await expect(attempt('reader', 'wrong', 'Snap')).rejects.toMatchObject({ number: 18456, severity: 14 });
    await expect(attempt('nobody', 'right', 'Snap')).rejects.toMatchObject({ number: 18456 });
    await expect(attempt('reader', 'right', 'Nope')).rejects.toMatchObject({ number: 4060 });
  });

  it('an error leaves the session usable', async () => {
    await expect(run(session, 'SELECT 1 / 0')).rejects.toMatchObject({ number: 8134 });
    expect((await run(session, 'SELECT 1')).rows).toEqual([[1]]);
  });

  it('of a server before 2019 refuse the UTF-8 collations (Microsoft Learn, "Collation and Unicode support")', async () => {
    const old = await createEngine({ ...sampleServer, productVersion: '14.0.3456.2' });
    try {
      const statement = `SELECT 'a' COLLATE ${utf8}`;
      await expect(run(await login(old), statement)).rejects.toMatchObject({ number: 448 });
      await expect(run(session, statement)).resolves.toBeDefined();
    } finally {
      await old.close();
    }
  });
});
