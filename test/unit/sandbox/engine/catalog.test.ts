import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer, single } from './sample-server.js';

describe('catalog views', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  const rows = async (sql: string): Promise<unknown> => (await run(session, sql)).rows;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());

  it('sys.databases tells the isolation settings', async () => {
    const sql = `SELECT name, snapshot_isolation_state, is_read_committed_snapshot_on, state_desc, compatibility_level
      FROM sys.databases WHERE database_id > 4 ORDER BY name`;
    expect(await rows(sql)).toEqual([
      ['Plain', 0, true, 'ONLINE', 160],
      ['Snap', 1, false, 'ONLINE', 160],
    ]);
  });

  it('sys.columns has lengths in bytes, precision, scale, masks and collations', async () => {
    const sql = `SELECT c.name, t.name AS type_name, c.max_length, c.precision, c.scale, c.is_nullable, c.is_masked, c.collation_name
      FROM sys.columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id
      WHERE c.object_id = OBJECT_ID(N'[dbo].[cells]') ORDER BY c.column_id`;
    const collation = 'SQL_Latin1_General_CP1_CI_AS';
    expect(await rows(sql)).toEqual([
      ['cell_id', 'varchar', 20, 0, 0, false, false, collation],
      ['place', 'nvarchar', 100, 0, 0, true, false, collation],
      ['usage', 'decimal', 9, 11, 3, true, false, null],
      ['dropped', 'int', 4, 10, 0, true, false, null],
      ['at', 'datetime', 8, 23, 3, false, false, null],
      ['active', 'bit', 1, 1, 0, true, false, null],
      ['day', 'date', 3, 10, 0, true, false, null],
      ['exact', 'datetime2', 7, 23, 3, true, false, null],
      ['secret', 'varchar', 10, 0, 0, true, true, collation],
    ]);
  });

  it('sys.masked_columns lists only masked columns', async () => {
    expect(await rows('SELECT name, masking_function FROM sys.masked_columns')).toEqual([
      ['secret', 'default()'],
    ]);
  });

  it('sys.indexes and sys.index_columns give keys in order', async () => {
    const sql = `SELECT i.index_id, i.type_desc, i.is_primary_key, ic.key_ordinal, c.name FROM sys.indexes i
      JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
      JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
      WHERE i.object_id = OBJECT_ID('dbo.cells') ORDER BY i.index_id, ic.key_ordinal`;
    expect(await rows(sql)).toEqual([
      [1, 'CLUSTERED', true, 1, 'cell_id'],
      [1, 'CLUSTERED', true, 2, 'at'],
      [2, 'NONCLUSTERED', false, 1, 'at'],
    ]);
  });

  it('a table without a key is a heap', async () => {
    expect(await rows('SELECT index_id, type_desc, name FROM Plain.sys.indexes')).toEqual([
      [0, 'HEAP', null],
    ]);
  });

  it('sys.dm_db_partition_stats and sys.partitions count the rows that are there now', async () => {
    const sql = `SELECT SUM(row_count), SUM(used_page_count) FROM sys.dm_db_partition_stats
      WHERE object_id = OBJECT_ID('dbo.cells') AND index_id IN (0, 1)`;
    expect(await rows(sql)).toEqual([[4n, 1n]]);
    expect(await rows('SELECT rows FROM sys.partitions WHERE index_id = 1')).toEqual([[4n]]);
  });

  it('sys.security_policies and sys.security_predicates tell of row-level security', async () => {
    const sql = `SELECT p.is_enabled, r.predicate_type, o.name FROM sys.security_policies p
      JOIN sys.security_predicates r ON r.object_id = p.object_id JOIN sys.objects o ON o.object_id = r.target_object_id`;
    expect(await rows(sql)).toEqual([]);
    const other = await login(engine, 'Plain');
    expect((await run(other, sql)).rows).toEqual([[true, 0, 'one']]);
  });

  it('sys.dm_exec_sessions and sys.dm_exec_requests show who runs what', async () => {
    const sql = `SELECT s.program_name, s.login_name, s.host_name, r.command, s.open_transaction_count
      FROM sys.dm_exec_sessions s JOIN sys.dm_exec_requests r ON r.session_id = s.session_id WHERE s.session_id = @@SPID`;
    expect(await rows(sql)).toEqual([['migrate/test', 'reader', 'test', 'SELECT', 0]]);
  });

  it('metadata functions answer NULL for what does not exist', async () => {
    expect(
      await rows(
        "SELECT OBJECT_ID('dbo.nope'), DB_ID('nope'), OBJECT_ID('Plain.dbo.one', 'U'), SCHEMA_NAME(1)",
      ),
    ).toEqual([[null, null, expect.any(Number), 'dbo']]);
  });

  it('HAS_PERMS_BY_NAME denies UNMASK to the logins that lack it', async () => {
    const sql = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UNMASK')";
    expect((await single(session, sql))[0]).toBe(1);
    expect((await single(await login(engine, 'Snap', 'blind'), sql))[0]).toBe(0);
  });

  it('HAS_PERMS_BY_NAME takes one part for a database, NULL for this one, and knows what a version knows', async () => {
    const ask = async (name: string, permission = 'UNMASK') =>
      (await single(session, `SELECT HAS_PERMS_BY_NAME(${name}, 'DATABASE', '${permission}')`))[0];
    expect(await ask("'Snap'")).toBe(1);
    expect(await ask('NULL')).toBe(1);
    expect(await ask("'Snap.more'")).toBeNull();
    expect(await ask('NULL', 'VIEW DATABASE PERFORMANCE STATE')).toBe(1);
    const old = await createEngine({ ...sampleServer, productVersion: '15.0.2000.5' });
    const sql = "SELECT HAS_PERMS_BY_NAME(NULL, 'DATABASE', 'VIEW DATABASE PERFORMANCE STATE')";
    expect((await single(await login(old), sql))[0]).toBeNull();
    await old.close();
  });

  it('logs in to master where no database is named, and USE changes it', async () => {
    const other = await engine.login({
      user: 'READER',
      password: 'right',
      database: undefined,
      applicationName: '',
      hostName: '',
    });
    expect(other.database).toBe('master');
    const { events, rows: after } = await run(other, 'USE [Snap] SELECT DB_NAME()');
    expect(events[0]).toEqual({ kind: 'database', name: 'Snap' });
    expect(after).toEqual([['Snap']]);
  });
});
