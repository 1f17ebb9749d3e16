import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { Cell, SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, run, sampleServer, single } from './sample-server.js';

describe('types that DuckDB does not have', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());

  const dto = (text: string): string => `CONVERT(datetimeoffset(7), '${text}')`;
  const fine = "CONVERT(datetime2(7), '2025-01-31 23:59:59.9999999')";

  // Learn: "CAST and CONVERT", styles of money, binary and dates; "SWITCHOFFSET"; "datetimeoffset"; "time".
  it.each<readonly [string, Cell]>([
    ['CONVERT(varchar(30), CONVERT(money, -1.2345))', '-1.23'],
    ['CONVERT(varchar(30), CONVERT(money, 1.235), 2)', '1.2350'],
    ['CONVERT(money, 1.00005)', 10_001n],
    ['CONVERT(binary(8), -0e0)', Buffer.from('8000000000000000', 'hex')],
    ['CONVERT(binary(4), CONVERT(real, 1.5e0))', Buffer.from('3fc00000', 'hex')],
    ['CONVERT(varchar(16), CONVERT(binary(8), 1.5e0), 2)', '3FF8000000000000'],
    ['CONVERT(binary(3), 0x01)', Buffer.from([1, 0, 0])],
    [`CONVERT(varchar(27), ${fine}, 121)`, '2025-01-31 23:59:59.9999999'],
    [`CONVERT(varchar(27), ${fine}, 126)`, '2025-01-31T23:59:59.9999999'],
    [`CONVERT(datetime2(7), CONVERT(datetime, '2025-01-31 00:00:00.003'))`, '2025-01-31 00:00:00.0033333'],
    [`CONVERT(datetime2(0), ${fine})`, 1_738_368_000_000_000n],
    [`CONVERT(date, ${fine})`, 20_119],
    [`CONVERT(time(7), ${fine})`, '23:59:59.9999999'],
    ["CONVERT(varchar(16), CONVERT(time(3), '01:02:03.0405'), 121)", '01:02:03.041'],
    ["CONVERT(time(0), '23:59:59.5')", 0n],
    [
      `CONVERT(varchar(34), ${dto('2025-01-31T23:30:00.1234567+05:45')}, 121)`,
      '2025-01-31 23:30:00.1234567 +05:45',
    ],
    [`CONVERT(varchar(34), ${dto('2025-01-31 23:30:00 -00:30')}, 126)`, '2025-01-31T23:30:00.0000000-00:30'],
    [
      `SWITCHOFFSET(${dto('2025-01-31 23:30:00.1234567 -00:30')}, '+00:00')`,
      '2025-02-01 00:00:00.1234567 +00:00',
    ],
    [`CONVERT(datetime2(7), ${dto('2025-01-31 23:30:00.1234567 -00:30')})`, '2025-01-31 23:30:00.1234567'],
    [
      `CONVERT(datetimeoffset(3), CONVERT(datetime2(3), '2025-01-31 10:00:00.123'))`,
      '2025-01-31 10:00:00.123 +00:00',
    ],
    [
      `CASE WHEN ${dto('2025-01-01 00:00:00 +02:00')} = ${dto('2024-12-31 22:00:00 +00:00')} THEN 1 ELSE 0 END`,
      1,
    ],
    [`CASE WHEN ${fine} < CONVERT(datetime2(3), '2025-02-01 00:00:00') THEN 1 ELSE 0 END`, 1],
    [`YEAR(CONVERT(datetime2(7), '2024-12-31 23:59:59.9999999'))`, 2024],
    [
      `DATEADD(second, 1, CONVERT(datetime2(7), '2024-12-31 23:59:59.0000001'))`,
      '2025-01-01 00:00:00.0000001',
    ],
    ["CONVERT(nvarchar(max), CONVERT(xml, N'<a>é</a>'))", '<a>é</a>'],
    ["CONVERT(varchar(max), CONVERT(text, 'abc'))", 'abc'],
    ["DATALENGTH(CONVERT(ntext, N'😀a'))", 6n],
    ['CONVERT(varbinary(max), CONVERT(hierarchyid, 0x58))', Buffer.from([0x58])],
    ["CONVERT(varbinary(max), 'é\t')", Buffer.from('é\t', 'latin1')],
    ["CONVERT(varbinary(max), 'Łé' COLLATE Polish_CI_AS)", Buffer.from([0xa3, 0xe9])],
    ["CONVERT(varbinary(max), CONVERT(varchar(max), CONVERT(text, 'é€')))", Buffer.from('é\x80', 'latin1')],
  ])('%s', async (expression, value) => {
    expect((await single(session, `SELECT ${expression}`))[0]).toEqual(value);
  });

  it.each<readonly [string, number]>([
    [`SELECT ${dto('0001-01-01 00:00:00 +14:00')}`, 241],
    [`SELECT ${dto('2025-01-01 00:00:00 +14:01')}`, 241],
    ["SELECT CONVERT(time(7), '24:00:00')", 241],
    ["SELECT CONVERT(money, '922337203685477.5808')", 8115],
    ["SELECT UPPER(CONVERT(text, 'a'))", 8116],
    ["SELECT CONVERT(sql_variant, CONVERT(varchar(max), 'a'))", 40515],
  ])('%s is error %i', async (sql, number) => {
    await expect(run(session, sql)).rejects.toMatchObject({ number });
  });

  it('stand in sys.columns and sys.types as SQL Server has them', async () => {
    const declared = [
      'money',
      'smallmoney',
      'datetimeoffset(0)',
      'datetimeoffset(3)',
      'datetimeoffset(7)',
      'datetime2(0)',
      'time(4)',
      'text',
      'ntext',
      'image',
      'xml',
      'sql_variant',
      'hierarchyid',
      'geography',
      'geometry',
      'rowversion',
      'numeric(12,5)',
      'float(24)',
      'varchar(7) COLLATE Japanese_CI_AS',
      'sysname',
    ];
    const columns = declared.map((type, index) => `c${index} ${type}`).join(', ');
    await run(session, `CREATE TABLE dbo.facts (${columns})`);
    const { rows } = await run(
      session,
      `SELECT t.name, c.system_type_id, c.user_type_id, c.max_length, c.precision, c.scale, c.collation_name
       FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id
       WHERE c.object_id = OBJECT_ID('dbo.facts') ORDER BY c.column_id`,
    );
    const text = 'SQL_Latin1_General_CP1_CI_AS';
    expect(rows).toEqual([
      ['money', 60, 60, 8, 19, 4, null],
      ['smallmoney', 122, 122, 4, 10, 4, null],
      ['datetimeoffset', 43, 43, 8, 26, 0, null],
      ['datetimeoffset', 43, 43, 9, 30, 3, null],
      ['datetimeoffset', 43, 43, 10, 34, 7, null],
      ['datetime2', 42, 42, 6, 19, 0, null],
      ['time', 41, 41, 4, 13, 4, null],
      ['text', 35, 35, 16, 0, 0, text],
      ['ntext', 99, 99, 16, 0, 0, text],
      ['image', 34, 34, 16, 0, 0, null],
      ['xml', 241, 241, -1, 0, 0, null],
      ['sql_variant', 98, 98, 8016, 0, 0, null],
      ['hierarchyid', 240, 128, 892, 0, 0, null],
      ['geography', 240, 130, -1, 0, 0, null],
      ['geometry', 240, 129, -1, 0, 0, null],
      ['timestamp', 189, 189, 8, 0, 0, null],
      ['numeric', 108, 108, 9, 12, 5, null],
      ['real', 59, 59, 4, 24, 0, null],
      ['varchar', 167, 167, 7, 0, 0, 'Japanese_CI_AS'],
      ['nvarchar', 231, 231, 256, 0, 0, text],
    ]);
  });

  it('give a row its rowversion themselves, and nobody else may', async () => {
    await run(session, 'CREATE TABLE dbo.versions (id int, v rowversion)');
    await expect(run(session, 'INSERT INTO dbo.versions VALUES (1, 0x01)')).rejects.toMatchObject({
      number: 273,
    });
    await expect(run(session, 'UPDATE dbo.versions SET v = 0x01')).rejects.toMatchObject({ number: 272 });
  });
});
