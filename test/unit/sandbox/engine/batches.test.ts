import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import { statementsOf } from '../../../../sandbox/sqlserver/engine/parse/batch.js';
import { loadParser } from '../../../../sandbox/sqlserver/engine/parse/tokens.js';
import type { SqlServerEngine } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer } from './sample-server.js';

describe('batches', () => {
  beforeAll(loadParser);
  const sqls = (batch: string): readonly string[] =>
    statementsOf(batch).map((statement) => (statement.kind === 'sql' ? statement.sql : statement.kind));

  it('splits statements without semicolons', () => {
    expect(sqls('SELECT 1 SELECT 2 SET NOCOUNT ON UPDATE t SET a = 1 DELETE t')).toEqual([
      'SELECT 1',
      'SELECT 2',
      'set',
      'UPDATE t SET a = 1',
      'DELETE t',
    ]);
  });

  it('keeps together what belongs to one statement', () => {
    for (const sql of [
      'SELECT 1 UNION ALL SELECT 2 UNION SELECT 3',
      'WITH a AS (SELECT 1 AS x) SELECT * FROM a',
      'INSERT INTO t (a) SELECT b FROM u WITH (NOLOCK) WHERE c IN (SELECT 1)',
      "SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END AS [select], ';' FROM t",
      'DROP TABLE IF EXISTS t',
      "SELECT '😀', N'it''s' AS \"set\" FROM t",
    ]) {
      expect(sqls(`${sql} SELECT 9; `)).toEqual([sql, 'SELECT 9']);
    }
  });

  it('reads IF with ELSE and blocks', () => {
    expect(statementsOf('IF @@TRANCOUNT > 0 COMMIT TRAN ELSE BEGIN SELECT 1; SELECT 2 END')).toMatchObject([
      { kind: 'if', condition: '@@TRANCOUNT > 0', whenTrue: [{ verb: 'COMMIT' }], whenFalse: [{}, {}] },
    ]);
  });

  describe('that drivers send', () => {
    let engine: SqlServerEngine;
    beforeAll(async () => {
      engine = await createEngine(sampleServer);
    });
    afterAll(() => engine.close());

    it.each([
      [
        'tedious',
        'set ansi_nulls on\nset ansi_null_dflt_on on\nset ansi_padding on\nset ansi_warnings on\nset arithabort on\nset concat_null_yields_null on\nset cursor_close_on_commit off\nset datefirst 7\nset dateformat mdy\nset implicit_transactions off\nset language us_english\nset numeric_roundabort off\nset quoted_identifier on\nset textsize 2147483647\nset transaction isolation level read committed\nset xact_abort off',
      ],
      [
        'pymssql',
        'SET ARITHABORT ON;SET CONCAT_NULL_YIELDS_NULL ON;SET ANSI_NULLS ON;SET ANSI_NULL_DFLT_ON ON;SET ANSI_PADDING ON;SET ANSI_WARNINGS ON;SET CURSOR_CLOSE_ON_COMMIT ON;SET QUOTED_IDENTIFIER ON;SET TEXTSIZE 2147483647;',
      ],
      ['jdbc', 'set implicit_transactions on \n'],
      ['jdbc', 'IF @@TRANCOUNT > 0 ROLLBACK TRAN set implicit_transactions off '],
      ['jdbc', 'set transaction isolation level snapshot '],
      ['jdbc', 'SET LOCK_TIMEOUT -1'],
      ['freetds', 'USE Snap\nSET TEXTSIZE 4096 SET ROWCOUNT 0'],
      ['freetds', 'select @@spid'],
      ['anyone', '-- nothing\n/* at all */ ;;'],
    ])('%s: %s', async (_driver, batch) => {
      await expect(run(await login(engine), batch)).resolves.toBeDefined();
    });

    it('reports row counts unless NOCOUNT is on', async () => {
      const session = await login(engine);
      const done = async (sql: string): Promise<unknown> =>
        (await run(session, sql)).events.filter((event) => event.kind === 'done');
      expect(await done('SELECT * FROM dbo.cells; UPDATE dbo.cells SET dropped = 1')).toEqual([
        { kind: 'done', command: 'select', rows: 4 },
        { kind: 'done', command: 'update', rows: 4 },
      ]);
      expect(await done('SET NOCOUNT ON; DELETE FROM dbo.cells')).toEqual([
        { kind: 'done', command: 'other' },
        { kind: 'done', command: 'delete' },
      ]);
    });
  });
});
