import type { ExportJobRequest, FailedJobResult } from '../../../engine/glue/job-request.js';
import type { TransformTarget } from '../../../engine/transform/engine.js';
import { type BothEngines, made, type Raw, startBothEngines } from '../../integration/glue/both-engines.js';
import { comparable } from '../../integration/glue/founding-day.js';
import type { Row } from '../../integration/transform/fixture.js';
import { columnsOf, sorted } from '../../integration/transform/fixture.js';
import {
  cells,
  day,
  left,
  leftJoin,
  on,
  right,
  select,
  stats,
} from '../../integration/transform/join-case.js';

jest.setTimeout(300_000);

const usage = columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'integer' });
let engines: BothEngines;
beforeAll(async () => {
  const database = (name: string, snapshotIsolation: boolean) => ({
    ...{ name, snapshotIsolation, readCommittedSnapshot: false, tables: [] },
  });
  engines = await startBothEngines([database('One', true), database('Unversioned', false)]);
  const rows = Array.from({ length: 10 }, (_, id) => `(${id}, N'value ${id}')`).join(', ');
  const odd = `CREATE TABLE dbo.[odd "table".1] (id int NOT NULL PRIMARY KEY, [a "b".\`c\` ;] nvarchar(20) NULL)`;
  await engines.execute('One', [odd, `INSERT INTO dbo.[odd "table".1] VALUES ${rows}`]);
  await engines.execute('Unversioned', ['CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY)']);
}, 300_000);
afterAll(() => engines?.close());

const odd = 'odd "table".1';
const change = (changes: Partial<ExportJobRequest>) => (request: ExportJobRequest) => ({
  ...request,
  ...changes,
});
/** The letter a and the first half of a pair, as UTF-16LE. */
const half = { statements: ['SELECT 1 AS c0, 0x61003dd8 AS c1'], serverHash: false };
const server = (changes: Partial<ExportJobRequest['server']>) => (request: ExportJobRequest) => ({
  ...request,
  server: { ...request.server, ...changes },
});

describe('an export by Spark', () => {
  it('takes names with every odd sign, and cuts parts as asked', async () => {
    const spark = made(await engines.sparkExport('One', odd, {}, change({ partRows: 4 })));
    const embedded = await engines.embeddedExport('One', odd, {});
    expect(spark.checksum).toEqual(embedded.checksum);
    expect(spark.parts.map(({ rows }) => rows)).toEqual([4, 4, 2]);
    expect(spark.parts[2]?.key).toMatch(/\/part-00002\.parquet$/);
    expect(sorted(await engines.fixture.read(spark))).toEqual(sorted(await engines.fixture.read(embedded)));
  });

  it('reads by several connections what is asked in several statements', async () => {
    const halves = (request: ExportJobRequest) => ({
      ...request,
      statements: ['<', '>='].map((side) => `${request.statements[0]} WHERE id ${side} 5`),
    });
    const whole = made(await engines.sparkExport('One', odd, {}));
    const cut = made(await engines.sparkExport('One', odd, {}, halves));
    expect(cut.parts).toHaveLength(2);
    expect([cut.checksum, cut.source]).toEqual([whole.checksum, whole.source]);
  });

  it('leaves the parts of the last of two runs of one attempt, and the same', async () => {
    const output = { bucket: `${engines.fixture.bucket.url}/`, prefix: 'again/', attempt: 'one' };
    const first = made(await engines.sparkExport('One', odd, {}, change({ output, partRows: 2 })));
    const second = made(await engines.sparkExport('One', odd, {}, change({ output })));
    expect([first.parts.length, second.parts.length]).toEqual([5, 1]);
    expect(second.checksum).toEqual(first.checksum);
    const keys: string[] = [];
    for await (const { key } of engines.fixture.bucket.list('again/one/')) keys.push(key);
    expect(keys.filter((key) => !/(request|result)\.json$/.test(key))).toEqual(
      second.parts.map(({ key }) => key),
    );
  });

  it('gives no part and the empty checksum for a window without rows', async () => {
    const none = made(await engines.sparkExport('One', odd, { filter: 'id < 0' }));
    expect(none).toMatchObject({
      parts: [],
      rows: 0,
      bytes: 0,
      checksum: { rows: 0, sum: '0000000000000000' },
    });
  });

  it("stops when the rows are not those of the source's own hash", async () => {
    const forged = (request: ExportJobRequest) => ({
      ...request,
      statements: [String(request.statements[0]).replace('AS [h]', '+ 1 AS [h]')],
    });
    expect(await engines.sparkExport('One', odd, {}, forged)).toMatchObject({ code: 'CHECKSUM_EXPORT' });
  });

  it.each([
    ['half of a surrogate pair', 'One', odd, change(half), 'VALUE_UNREPRESENTABLE'],
    [
      'a secret that is not there',
      'One',
      odd,
      server({ secret: { kind: 'file', path: '/no/such' } }),
      'SECRET_MISSING',
    ],
    ['a database that is not there', 'One', odd, server({ database: 'Nowhere' }), 'SOURCE_DATABASE'],
    ['a port that nobody listens on', 'One', odd, server({ port: 9 }), 'SOURCE_UNREACHABLE'],
    ['a certificate of an unknown authority', 'One', odd, server({ tls: {} }), 'TLS_VERIFICATION'],
    [
      'a table that is not there',
      'One',
      odd,
      change({ statements: ['SELECT 1 AS c0 FROM dbo.gone'] }),
      'SOURCE_OBJECT',
    ],
    ['a database without SNAPSHOT', 'Unversioned', 't', change({}), 'SOURCE_SNAPSHOT'],
    ['a request of another version', 'One', odd, change({ scriptVersion: '0' as '1' }), 'CONFIG_INVALID'],
  ] as const)('says %s', async (_, database, table, changes, code) => {
    const failed = (await engines.sparkExport(database, table, {}, changes)) as FailedJobResult;
    expect(failed).toMatchObject({ state: 'failed', code });
    expect(failed.message + engines.spark.log()).not.toMatch(/not-a-secret-of-anyone/);
  });
});

/** Values at which engines may part: halves, signs, no value, what only bytes tell apart. */
const many = columnsOf({
  ...{ cell_id: 'varchar(20)', seen: 'timestamp(3)', i: 'integer', big: 'bigint' },
  ...{ d: 'numeric(11,3)', wide: 'numeric(20,10)', t: 'varchar(20)', day: 'date' },
  ...{ flag: 'boolean', f: 'double precision' },
});
const values: readonly Row[] = [
  ['a', day, 0, 0n, 0n, 0n, '', 0, true, 0.5],
  [
    'b',
    day - 1_000n,
    7,
    9_007_199_254_740_993n,
    2_500n,
    12_345_678_901n,
    "it's 100% \\ $",
    20_000,
    false,
    1e7,
  ],
  ['c', 1_735_689_599_999_000n, -7, -3n, -2_500n, -5n, ' ǅ Ως🙂b ', -1, null, -0.5],
  ['d', -1_000n, 1, 1n, 1_450n, 15_000_000_000n, 'a.b.a', 11_016, true, 0.1],
  ['e', day, null, null, null, null, null, null, null, null],
];
const expressions: readonly (readonly [sql: string, pgType: string])[] = [
  [`'it''s \\ $\{x} 🙂 \\n'`, 'varchar(40)'],
  ['-1.50', 'numeric(3,2)'],
  ['c.i::BIGINT', 'bigint'],
  ['CAST(c.d AS NUMERIC(10,0))', 'numeric(10,0)'],
  ['CAST(c.wide AS DECIMAL(15,5))', 'numeric(15,5)'],
  ['CAST(c.d AS VARCHAR)', 'varchar(40)'],
  ['CAST(c.wide AS TEXT)', 'varchar(40)'],
  ['CAST(c.big AS VARCHAR)', 'varchar(40)'],
  ['CAST(c.flag AS VARCHAR)', 'varchar(40)'],
  ['CAST(c.flag AS INTEGER)', 'integer'],
  ['CAST(c.day AS VARCHAR)', 'varchar(40)'],
  ['CAST(c.day AS TIMESTAMP)', 'timestamp(6)'],
  ['CAST(c.seen AS DATE)', 'date'],
  ["c.t || '-' || CAST(c.i AS VARCHAR)", 'varchar(60)'],
  ['CAST(c.i + c.d * -2 AS DECIMAL(20,3))', 'numeric(20,3)'],
  ['CAST(c.wide * c.d AS DECIMAL(38,13))', 'numeric(38,13)'],
  ['abs(c.d)', 'numeric(12,3)'],
  ['-c.big', 'bigint'],
  [
    "CASE WHEN c.seen >= TIMESTAMP '2025-01-01 00:00:00' AND NOT c.i IN (1, 2) THEN 1 ELSE c.d END",
    'numeric(20,3)',
  ],
  ['CASE WHEN c.f > c.f OR c.i IS DISTINCT FROM u.used THEN TRUE END', 'boolean'],
  ["c.day BETWEEN DATE '1970-01-01' AND DATE '2024-12-31'", 'boolean'],
  ['coalesce(c.d, c.i, 0)', 'numeric(20,3)'],
  ['greatest(c.i, 3)', 'integer'],
  ['least(c.t, c.cell_id)', 'varchar(20)'],
  ['nullif(c.i, 7)', 'integer'],
  ["rtrim(c.t, ' b')", 'varchar(20)'],
  ["ltrim(c.t, ' ')", 'varchar(20)'],
  ["trim(c.t, ' $')", 'varchar(20)'],
  ["c.t LIKE '_%ς_b%'", 'boolean'],
  ["c.t NOT LIKE '%a'", 'boolean'],
  ['contains(c.t, c.cell_id)', 'boolean'],
  ['substring(c.t, 2, 3)', 'varchar(20)'],
  ['"left"(c.t, 6)', 'varchar(20)'],
  ['"right"(c.t, 3)', 'varchar(20)'],
  ['length(c.t)', 'bigint'],
  ['md5(c.t)', 'varchar(32)'],
  ['extract(year FROM c.seen)', 'bigint'],
  ['quarter(c.day)', 'bigint'],
  ['dayofyear(c.day)', 'bigint'],
  ['hour(c.seen)', 'bigint'],
  ['second(c.seen)', 'bigint'],
];

describe('a transform by Spark', () => {
  const target = (sql: string, columns = stats): TransformTarget => ({
    ...{ name: 'stats', columns, chunk: { by: 'date' }, transform: { file: 'stats.sql', sql } },
    sources: ['cells', 'usage'].map((table) => ({ table, chunkColumn: 'seen' })),
  });
  const raw = async (rights: readonly Row[] = right, lefts: readonly Row[] = left): Promise<Raw> => ({
    cells: await engines.fixture.write(cells, lefts),
    usage: await engines.fixture.write(usage, rights),
  });
  const inner = `${select} JOIN usage u ${on}`;
  const upper: readonly Row[] = [...right, ['B  ', day, 5]];

  it.each([
    ['a LEFT JOIN', leftJoin, right, undefined],
    ['an INNER JOIN', inner, right, undefined],
    ['no right rows', leftJoin, [], undefined],
    ['text keys compared exactly', leftJoin, upper, 'exact'],
    ['text keys compared without case and trailing blanks', leftJoin, upper, 'casefold_rtrim'],
  ] as const)('says what the embedded engine says of %s', async (_, sql, rights, joinKeys) => {
    const sources = await raw(rights);
    const embedded = comparable(await engines.embeddedTransform(target(sql), sources, joinKeys));
    expect(comparable(await engines.sparkTransform(target(sql), sources, joinKeys))).toEqual(embedded);
    expect(embedded.joinMismatches).toBe(
      rights === upper && joinKeys === 'exact' ? 1 : embedded.joinMismatches,
    );
  });

  it.each([
    ['a right key that is not unique', leftJoin, [...right, ['a', day, 8]], 'JOIN_FANOUT'],
    [
      'dropped and doubled rows that make up for each other',
      inner,
      [
        ['a', day, 1],
        ['a', day, 2],
        ['a', day, 3],
      ],
      'JOIN_FANOUT',
    ],
    ['a choice of joinKeys that nobody made', leftJoin, upper, 'JOIN_COLLATION'],
  ] as const)('stops as the embedded engine does at %s', async (_, sql, rights, code) => {
    const sources = await raw(rights as readonly Row[]);
    const failed = await engines.sparkTransform(target(sql), sources);
    const error = await engines.embeddedTransform(target(sql), sources).then(fail, (reason: Error) => reason);
    expect(failed).toMatchObject({ code, message: error.message });
  });

  it('notices raw parts that are not those of the manifest', async () => {
    const sources = await raw();
    const { cells: table } = sources;
    const forged = {
      ...sources,
      cells: { ...table, checksum: { rows: left.length, sum: '0123456789abcdef' } },
    } as Raw;
    expect(await engines.sparkTransform(target(leftJoin), forged)).toMatchObject({ code: 'CHECKSUM_EXPORT' });
  });

  it('gives the same rows for every kind of expression that it takes', async () => {
    const sources = { ...(await raw()), cells: await engines.fixture.write(many, values) };
    const sql = `SELECT ${expressions.map(([text], index) => `${text} AS e${index}`).join(',\n')},
      c.cell_id, u.device_id FROM cells c LEFT JOIN usage u ${on}`;
    const columns = columnsOf({
      ...Object.fromEntries(expressions.map(([, type], index) => [`e${index}`, type])),
      ...{ cell_id: 'varchar(20)', device_id: 'varchar(20)' },
    });
    const embedded = await engines.embeddedTransform(target(sql, columns), sources, 'exact');
    const spark = await engines.sparkTransform(target(sql, columns), sources, 'exact');
    if ('state' in spark) throw new Error(`${spark.code}: ${spark.message}`);
    const rowsOf = async ({ parts }: Pick<typeof embedded, 'parts'>) =>
      sorted(await engines.fixture.read({ parts, columns }));
    expect(await rowsOf(spark)).toEqual(await rowsOf(embedded));
    expect(comparable(spark)).toEqual(comparable(embedded));
  });

  it('tells no value of a row when an expression fails on it', async () => {
    const sql = `SELECT CAST(c.load AS DECIMAL(3,3)) AS load, u.device_id FROM cells c LEFT JOIN usage u ${on}`;
    const columns = columnsOf({ load: 'numeric(3,3)', device_id: 'varchar(20)' });
    const failed = await engines.sparkTransform(target(sql, columns), await raw());
    expect(failed).toMatchObject({ code: 'TRANSFORM_FAILED' });
    expect((failed as FailedJobResult).message + engines.spark.log()).not.toMatch(/Zürich/);
  });
});

function fail(): never {
  throw new Error('It did not stop.');
}
