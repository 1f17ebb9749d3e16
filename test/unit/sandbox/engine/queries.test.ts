import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer } from './sample-server.js';

describe('queries and changes', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  const rows = async (sql: string): Promise<unknown> => (await run(session, sql)).rows;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
    await run(
      session,
      `CREATE TABLE dbo.a (k int NOT NULL PRIMARY KEY, v nvarchar(10) NULL);
       CREATE TABLE dbo.b (k int NOT NULL, w decimal(5,2), CONSTRAINT pk_b PRIMARY KEY CLUSTERED (k ASC));
       INSERT INTO a VALUES (1, 'one'), (2, 'two'), (3, NULL)
       INSERT b (k, w) SELECT k, k * 1.5 FROM a WHERE k >= 2`,
    );
  });
  afterAll(() => engine.close());

  it.each<readonly [string, unknown]>([
    ['SELECT TOP (2) k FROM dbo.a WITH (NOLOCK) ORDER BY k DESC', [[3], [2]]],
    [
      'SELECT a.k, b.w FROM dbo.a a LEFT JOIN dbo.b b ON a.k = b.k ORDER BY a.k',
      [
        [1, null],
        [2, 300n],
        [3, 450n],
      ],
    ],
    ['SELECT a.v FROM a INNER JOIN b AS x ON x.k = a.k AND x.w > 3', [[null]]],
    ['SELECT k FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k) AND NOT k IN (SELECT 3)', [[2]]],
    ["SELECT k FROM a WHERE k NOT IN (1, 2) OR v LIKE 'O%' ORDER BY 1", [[1], [3]]],
    ['SELECT k % 2 AS odd, COUNT(*) FROM a GROUP BY k % 2 HAVING COUNT(*) > 1', [[1, 2]]],
    ['WITH x(n) AS (SELECT k FROM a), y AS (SELECT n FROM x WHERE n > 1) SELECT SUM(n) FROM y', [[5]]],
    ['SELECT k FROM a UNION ALL SELECT CONVERT(int, w) FROM b ORDER BY k', [[1], [2], [3], [3], [4]]],
    [
      "SELECT v FROM a UNION SELECT 'ONE ' ORDER BY 1",
      [[null], [expect.stringMatching(/^one ?$/i)], ['two']],
    ],
    ['SELECT (SELECT MAX(w) FROM b WHERE b.k <= a.k) FROM a ORDER BY k', [[null], [300n], [450n]]],
    ['SELECT d.s FROM (SELECT SUM(k) AS s FROM a) AS d', [[6]]],
    ['SELECT k FROM a ORDER BY k OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY', [[2]]],
    ['SELECT name = v FROM Snap.dbo.a WHERE dbo.a.k BETWEEN 1 AND 1', [['one']]],
    ['SELECT DISTINCT k % 2 FROM a ORDER BY k % 2', [[0], [1]]],
    ["SELECT CASE k WHEN 1 THEN 'x' ELSE v END FROM a ORDER BY k", [['x'], ['two'], [null]]],
    ['SELECT COUNT(*) FROM a, b', [[6]]],
    ['SELECT 1 WHERE NULL = NULL', []],
  ])('%s', async (sql, expected) => {
    expect(await rows(sql)).toEqual(expected);
  });

  it('changes rows, and truncates', async () => {
    await run(session, "UPDATE dbo.a SET v = CONCAT(v, '!') WHERE k < 3");
    expect(await rows('SELECT v FROM a ORDER BY k')).toEqual([['one!'], ['two!'], [null]]);
    await run(session, 'DELETE FROM a WHERE v IS NULL; SELECT @@ROWCOUNT');
    expect(await rows('SELECT COUNT(*) FROM a')).toEqual([[2]]);
    await run(session, 'TRUNCATE TABLE dbo.b');
    expect(await rows('SELECT COUNT(*) FROM b')).toEqual([[0]]);
    await run(session, 'DROP TABLE dbo.b');
    await expect(rows('SELECT * FROM b')).rejects.toMatchObject({ number: 208 });
  });
});
