import fc from 'fast-check';
import { createEngine } from '../../../../sandbox/sqlserver/engine/engine.js';
import type {
  Cell,
  SqlServerEngine,
  SqlSession,
  SqlType,
} from '../../../../sandbox/sqlserver/engine/types.js';
import {
  decimal,
  login,
  nvarchar,
  plain,
  run,
  sampleServer,
  single,
  utf8,
  varchar,
} from './sample-server.js';

describe('types of expressions', () => {
  let engine: SqlServerEngine;
  let session: SqlSession;
  beforeAll(async () => {
    engine = await createEngine(sampleServer);
    session = await login(engine);
  });
  afterAll(() => engine.close());

  const max: SqlType = varchar('max');
  it.each<readonly [string, SqlType, Cell]>([
    ['COUNT(*)', plain('int'), 4],
    ['COUNT_BIG(*)', plain('bigint'), 4n],
    ['SUM(dropped)', plain('int'), 2147483635],
    ['SUM(CONVERT(bigint, dropped))', plain('bigint'), 2147483635n],
    ['SUM([usage])', decimal(38, 3), 99999999499n],
    ['AVG([usage])', decimal(38, 6), 33333333166333n],
    ['AVG(dropped)', plain('int'), 715827878],
    ['MIN(cell_id)', varchar(20), 'a1'],
    ['MAX(at)', plain('datetime'), 253402300799997000n],
    ['CONVERT(varchar(41), MIN([usage]))', varchar(41), '-0.500'],
    ["'abc'", varchar(3), 'abc'],
    ["N'abc'", nvarchar(3), 'abc'],
    ["CONVERT(varchar(max), N'a') COLLATE Latin1_General_100_BIN2_UTF8", varchar('max', utf8), 'a'],
    ["'a' + N'bc'", nvarchar(3), 'abc'],
    ["CONCAT('a', CONVERT(varchar(max), 1))", max, 'a1'],
    ['1', plain('int'), 1],
    ['2147483648', decimal(10, 0), 2147483648n],
    ['1.50', decimal(3, 2), 150n],
    ['1 + 2.5', decimal(3, 1), 35n],
    ['1.5 * 2.25', decimal(6, 3), 3375n],
    ['10 / 4', plain('int'), 2],
    ['-7 / 2', plain('int'), -3],
    ['-7 % 3', plain('int'), -1],
    ['10 / 4.0', decimal(9, 6), 2500000n],
    ['1e0', { name: 'float' }, 1],
    ['0x0102', { name: 'varbinary', length: 2 }, Buffer.from([1, 2])],
    ['CONVERT(bigint, 0xFFFFFFFFFFFFFFFE)', plain('bigint'), -2n],
    ['CONVERT(bigint, 0x0102)', plain('bigint'), 258n],
    ['CONVERT(bigint, 0x01FFFFFFFFFFFFFFFE)', plain('bigint'), -2n],
    ['CONVERT(int, 1.9)', plain('int'), 1],
    ['CONVERT(bit, 5)', plain('bit'), true],
    ['CONVERT(decimal(5,2), 1.005)', decimal(5, 2), 101n],
    ['CASE WHEN 1 = 2 THEN 1 ELSE 2.5 END', decimal(11, 1), 25n],
    ["ISNULL(CONVERT(varchar(2), NULL), 'abc')", varchar(2), 'ab'],
    ["COALESCE(NULL, 'abc')", varchar(3), 'abc'],
    ['DATEFROMPARTS(2025, 1, 31)', plain('date'), 20119],
    ["DATEADD(month, 1, CONVERT(date, '2025-01-31'))", plain('date'), 20147],
    ["DATEDIFF(day, '2025-01-31T23:59:59', '2025-02-01')", plain('int'), 1],
    ["CONVERT(datetime2(3), '2025-01-31 10:00:00.0005')", { name: 'datetime2', scale: 3 }, 1738317600001000n],
    ['@@SPID', { name: 'smallint' }, 51],
    ['@@MAX_PRECISION', { name: 'tinyint' }, 38],
  ])('%s', async (expression, type, value) => {
    const from = /\b(?:COUNT|COUNT_BIG|SUM|AVG|MIN|MAX)\(/.test(expression) ? ' FROM dbo.cells' : '';
    expect(await single(session, `SELECT ${expression}${from}`)).toEqual([value, type]);
  });

  it('returns a table with the types it was defined with', async () => {
    const { columns } = await run(session, 'SELECT * FROM dbo.cells');
    const declared = sampleServer.databases[0]?.tables[0]?.columns;
    expect(columns.map(({ name, type, nullable }) => ({ name, type, nullable }))).toEqual(
      declared?.map(({ name, type, nullable }) => ({ name, type, nullable })),
    );
  });

  describe('parameters come back as they were given', () => {
    const same = (type: SqlType, arbitrary: fc.Arbitrary<Cell>): Promise<void> =>
      fc.assert(
        fc.asyncProperty(arbitrary, async (value) => {
          const [given] = await single(session, 'SELECT @p1', [{ name: '@p1', type, value }]);
          expect(given).toEqual(value);
        }),
        { numRuns: 25 },
      );

    it('text with any character, U+0000 and quotes included', () =>
      same(
        nvarchar('max'),
        fc.string({ unit: 'grapheme', size: 'medium' }).map((text) => `${text}\0'`),
      ));
    it('decimals of 38 digits', () =>
      same(decimal(38, 10), fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })));
    it('bigint', () => same(plain('bigint'), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })));
    it('datetime2 to the microsecond', () =>
      same(
        { name: 'datetime2', scale: 6 },
        fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n }),
      ));
    it('dates', () => same(plain('date'), fc.integer({ min: -719162, max: 2932896 })));
    it('binary', () =>
      same(
        { name: 'varbinary', length: 8000 },
        fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      ));
    it('floats', () =>
      same(
        { name: 'float' },
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      ));
  });

  it('an undeclared parameter is 137', async () => {
    await expect(run(session, 'SELECT @nope')).rejects.toMatchObject({ number: 137 });
  });
});
