import { createHash } from 'node:crypto';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { Cell, SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, plain, run, sampleServer, single } from './sample-server.js';

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

describe('what the documentation says and one would not expect', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());
  const value = async (expression: string): Promise<Cell | undefined> =>
    (await single(session, `SELECT ${expression}`))[0];

  // Docs: "Collation and Unicode support"; "char and varchar": trailing blanks are ignored in comparisons.
  it('a CI collation ignores case and trailing blanks in WHERE, IN, GROUP BY, DISTINCT and joins', async () => {
    const ids = async (sql: string): Promise<unknown> => (await run(session, sql)).rows.map(([id]) => id);
    expect(await ids("SELECT cell_id FROM dbo.cells WHERE cell_id = 'A1   '")).toEqual(['a1']);
    expect(await ids("SELECT cell_id FROM dbo.cells WHERE cell_id IN ('a2', 'x')")).toEqual(['A2 ']);
    const grouped = "SELECT COUNT(*) FROM (VALUES ('x'), ('X '), ('y')) v(a) GROUP BY a ORDER BY 1";
    expect(await ids(grouped)).toEqual([1, 2]);
    expect((await run(session, "SELECT DISTINCT a FROM (VALUES ('x'), ('X ')) v(a)")).rows).toHaveLength(1);
    expect(await value("COUNT(DISTINCT a) FROM (VALUES ('x'), ('X ')) v(a)")).toBe(1);
    expect(
      await ids("SELECT c.cell_id FROM dbo.cells c JOIN (VALUES ('A1 ')) v(a) ON c.cell_id = v.a"),
    ).toEqual(['a1']);
  });

  it('a BIN2 collation minds case, but no collation minds trailing blanks', async () => {
    expect(
      await value("COUNT(*) FROM dbo.cells WHERE cell_id = 'A1' COLLATE Latin1_General_100_BIN2_UTF8"),
    ).toBe(0);
    expect(
      await value("COUNT(*) FROM dbo.cells WHERE cell_id = 'a1 ' COLLATE Latin1_General_100_BIN2_UTF8"),
    ).toBe(1);
  });

  // Docs: "Collation precedence".
  it('two different collations of columns do not compare (468)', async () => {
    const sql = `SELECT 1 FROM dbo.cells a JOIN dbo.cells b
      ON a.cell_id COLLATE Latin1_General_BIN2 = b.cell_id COLLATE Latin1_General_CS_AS`;
    await expect(run(session, sql)).rejects.toMatchObject({ number: 468 });
  });

  // Docs: "datetime (Transact-SQL)", "Rounding of datetime fractional second precision".
  it.each([
    ['2025-01-01T23:59:59.999', '2025-01-02 00:00:00.000'],
    ['2025-01-01T23:59:59.995', '2025-01-01 23:59:59.997'],
    ['2025-01-01T23:59:59.998', '2025-01-01 23:59:59.997'],
    ['2025-01-01T23:59:59.992', '2025-01-01 23:59:59.993'],
    ['2025-01-01T23:59:59.991', '2025-01-01 23:59:59.990'],
    ['1753-01-01T00:00:00.002', '1753-01-01 00:00:00.003'],
  ])('datetime rounds %s to %s', async (given, rounded) => {
    expect(await value(`CONVERT(varchar(27), CONVERT(datetime, '${given}'), 121)`)).toBe(rounded);
  });

  // Docs: "datetime2", compatibility level 130: improved accuracy converting datetime.
  it('datetime against datetime2 compares thirds of a millisecond', async () => {
    const at = "CONVERT(datetime, '2025-01-01T00:00:00.003')";
    expect(await value(`COUNT(*) WHERE ${at} > CONVERT(datetime2(7), '2025-01-01T00:00:00.003')`)).toBe(1);
    expect(await value(`COUNT(*) WHERE ${at} = CONVERT(datetime2(3), '2025-01-01T00:00:00.003')`)).toBe(1);
  });

  // Docs: "smalldatetime".
  it('smalldatetime rounds to the minute', async () => {
    expect(await value("CONVERT(varchar(19), CONVERT(smalldatetime, '2025-01-01T10:00:29.998'), 120)")).toBe(
      '2025-01-01 10:00:00',
    );
    expect(await value("CONVERT(varchar(19), CONVERT(smalldatetime, '2025-01-01T10:00:29.999'), 120)")).toBe(
      '2025-01-01 10:01:00',
    );
  });

  // Docs: "datetime" and "smalldatetime", date range; outside of it the conversion is error 242.
  it.each([
    ["CONVERT(smalldatetime, '2079-06-07 00:00:00', 121)", 'varchar', 'smalldatetime'],
    ["CONVERT(smalldatetime, '1899-12-31 23:59:59', 121)", 'varchar', 'smalldatetime'],
    ["CONVERT(smalldatetime, CONVERT(datetime2(3), '2079-06-07'))", 'datetime2', 'smalldatetime'],
    ["CONVERT(smalldatetime, CONVERT(date, '2079-06-07'))", 'date', 'smalldatetime'],
    ["CONVERT(datetime, '1752-12-31 23:59:59.997', 121)", 'varchar', 'datetime'],
    ["CONVERT(datetime, '9999-12-31 23:59:59.999', 121)", 'varchar', 'datetime'],
    ["CONVERT(datetime, CONVERT(date, '0001-01-01'))", 'date', 'datetime'],
  ])('%s is out of range', async (expression, from, to) => {
    await expect(value(expression)).rejects.toMatchObject({
      number: 242,
      message: `The conversion of a ${from} data type to a ${to} data type resulted in an out-of-range value.`,
    });
  });

  it('the ends of the ranges of datetime and smalldatetime convert', async () => {
    for (const text of ['1900-01-01 00:00', '2079-06-06 23:59'])
      expect(await value(`CONVERT(varchar(16), CONVERT(smalldatetime, '${text}', 121), 121)`)).toBe(text);
    expect(await value("CONVERT(varchar(23), CONVERT(datetime, '9999-12-31 23:59:59.998', 121), 121)")).toBe(
      '9999-12-31 23:59:59.997',
    );
    expect(await value('CONVERT(smalldatetime, CAST(NULL AS varchar(9)))')).toBeNull();
  });

  // Docs: "CAST and CONVERT", date and time styles.
  it.each([
    ["CONVERT(varchar(30), CONVERT(datetime, '2025-01-05T09:07:00'))", 'Jan  5 2025  9:07AM'],
    ["CONVERT(varchar(30), CONVERT(datetime, '2025-01-05T00:07:00'), 0)", 'Jan  5 2025 12:07AM'],
    ["CONVERT(varchar(30), CONVERT(datetime, '2025-01-05T09:07:00'), 126)", '2025-01-05T09:07:00'],
    ["CONVERT(varchar(30), CONVERT(datetime, '2025-01-05T09:07:00.01'), 126)", '2025-01-05T09:07:00.010'],
    ["CONVERT(varchar(30), CONVERT(datetime2(0), '2025-01-05T09:07:00'), 121)", '2025-01-05 09:07:00'],
    [
      "CONVERT(varchar(30), CONVERT(datetime2(5), '2025-01-05T09:07:00.1'), 121)",
      '2025-01-05 09:07:00.10000',
    ],
    [
      "CONVERT(varchar(30), CONVERT(datetime2(7), '0001-01-05T09:07:00.1'), 121)",
      '0001-01-05 09:07:00.1000000',
    ],
    ["CONVERT(varchar(10), CONVERT(date, '0001-01-05'), 23)", '0001-01-05'],
    ['CONVERT(varchar(41), CONVERT(decimal(3,3), -0.5))', '-0.500'],
    ['CONVERT(varchar(1), CONVERT(bit, NULL))', null],
    ['CONVERT(varchar(2), 123)', '*'],
  ])('%s is %s', async (expression, text) => {
    expect(await value(expression)).toBe(text);
  });

  // Docs: "HASHBYTES"; nvarchar is UTF-16LE, varchar its code page, _UTF8 collations UTF-8.
  it('HASHBYTES sees the bytes that SQL Server stores', async () => {
    const utf8 = 'COLLATE Latin1_General_100_BIN2_UTF8';
    expect(await value("HASHBYTES('MD5', N'aé😀')")).toEqual(md5(Buffer.from('aé😀', 'utf16le')));
    expect(await value("HASHBYTES('MD5', 'aé€')")).toEqual(md5(Buffer.from([0x61, 0xe9, 0x80])));
    expect(await value(`HASHBYTES('MD5', CONVERT(varchar(max), N'aé😀' ${utf8}))`)).toEqual(
      md5(Buffer.from('aé😀')),
    );
    expect(await value("HASHBYTES('MD5', 0x00FF)")).toEqual(md5(Buffer.from([0, 255])));
    expect(await value("HASHBYTES('SHA2_256', 'a')")).toEqual(createHash('sha256').update('a').digest());
    expect(await value("HASHBYTES('MD5', CONVERT(varchar(5), NULL))")).toBeNull();
  });

  it('varchar of code page 1252 turns what it cannot hold into question marks', async () => {
    expect(await value("CONVERT(varchar(20), N'é€łŽ😀')")).toBe('é€?Ž??');
  });

  // Docs: "DATALENGTH", "LEN".
  it.each<readonly [string, Cell]>([
    ["DATALENGTH(N'aé😀')", 8],
    ["DATALENGTH('aé')", 2],
    ["DATALENGTH(CONVERT(varchar(9), N'aé😀' COLLATE Latin1_General_100_BIN2_UTF8))", 7],
    ["DATALENGTH(CONVERT(nvarchar(max), N'a '))", 4n],
    ["DATALENGTH(CONVERT(char(5), 'a'))", 5],
    ["LEN('ab  ')", 2],
    ["LEN(N'😀')", 2],
    ['DATALENGTH(CONVERT(int, NULL))', null],
  ])('%s is %s', async (expression, length) => {
    expect(await value(expression)).toBe(length);
  });

  it('NULL sorts first, CONCAT takes it for empty, + for NULL', async () => {
    const { rows } = await run(session, 'SELECT dropped FROM dbo.cells ORDER BY dropped');
    expect(rows.map(([n]) => n)).toEqual([null, -12, 0, 2147483647]);
    expect(await value("CONCAT('a', NULL, 1)")).toBe('a1');
    expect(await value("'a' + NULL")).toBeNull();
  });

  it('binds a datetime parameter to a range as it stands', async () => {
    const at = { name: '@at', type: plain('datetime'), value: 1738367999997000n };
    expect((await single(session, 'SELECT COUNT(*) FROM dbo.cells WHERE at <= @at', [at]))[0]).toBe(2);
    expect((await single(session, 'SELECT COUNT(*) FROM dbo.cells WHERE at < @at', [at]))[0]).toBe(1);
  });
});
