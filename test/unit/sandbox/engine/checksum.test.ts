import { createHash } from 'node:crypto';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type { SqlServerEngine, SqlSession } from '../../../../sandbox/sqlserver/engine/types.js';
import { login, plain, run, sampleServer } from './sample-server.js';

const utf8Text = (column: string): string =>
  `CONVERT(varchar(max), CONVERT(nvarchar(max), [${column}]) COLLATE Latin1_General_100_BIN2_UTF8)`;
const text = (column: string): string =>
  `CASE WHEN [${column}] IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${utf8Text(column)}), ':', ${utf8Text(column)}, ';') END`;
const checksum = (where: string): string => `
  SELECT COUNT_BIG(*) AS [rows], SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING(HASHBYTES('MD5', CONCAT(
    CONVERT(varchar(max), '') COLLATE Latin1_General_100_BIN2_UTF8,
    ${text('cell_id')}, ${text('place')},
    ISNULL(CONVERT(varchar(41), [usage]) + ';', '~;'),
    ISNULL(CONVERT(varchar(20), [dropped]) + ';', '~;'),
    ISNULL(CONVERT(varchar(27), [at], 121) + ';', '~;'),
    ISNULL(CONVERT(varchar(1), [active]) + ';', '~;'),
    ISNULL(CONVERT(varchar(10), [day], 23) + ';', '~;'),
    ISNULL(CONVERT(varchar(27), [exact], 121) + ';', '~;')
  )), 1, 8)))) AS [sum]
  FROM [dbo].[cells] WHERE ([at] >= @from AND [at] < @to) AND (${where}) OPTION (MAXDOP 1)`;

const octets = (value: string): string => `${Buffer.byteLength(value)}:${value};`;
const rowTexts = [
  `${octets('a1')}${octets('Zürich')}-0.500;-12;2025-01-31 23:59:59.997;1;2025-01-31;2025-01-31 00:00:00.123;`,
  `${octets('A2 ')}${octets('tab\t€😀 ')}99999999.999;2147483647;2025-02-01 00:00:00.000;0;0001-01-01;0001-01-01 00:00:00.000;`,
  `${octets('b')}${octets('')}~;~;1753-01-01 00:00:00.000;~;~;~;`,
  `${octets('c')}~;0.000;0;9999-12-31 23:59:59.997;1;9999-12-31;9999-12-31 23:59:59.999;`,
];
const hash = (row: string): bigint => createHash('md5').update(row, 'utf8').digest().readBigInt64BE();

const bounds = [
  { name: '@from', type: plain('datetime'), value: -7_000_000_000_000_000n },
  { name: '@to', type: plain('datetime'), value: 253_402_300_799_997_001n },
];

describe('the checksum statement over canonical rows', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());

  it('adds up the first eight bytes of MD5 over the UTF-8 bytes of each row', async () => {
    const { rows, columns } = await run(session, checksum('1=1'), bounds);
    expect(rows).toEqual([[4n, rowTexts.map(hash).reduce((sum, value) => sum + value)]]);
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['rows', { name: 'bigint' }],
      ['sum', { name: 'decimal', precision: 38, scale: 0 }],
    ]);
  });

  it.each(rowTexts.map((row, index) => [index, row] as const))('hashes row %i as %j', async (index, row) => {
    const key = ['a1', 'A2', 'b', 'c'][index];
    const { rows } = await run(session, checksum(`[cell_id] = '${key}'`), bounds);
    expect(rows).toEqual([[1n, hash(row)]]);
  });

  it('is NULL over no rows', async () => {
    expect((await run(session, checksum('1=0'), bounds)).rows).toEqual([[0n, null]]);
  });
});
