import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogicalType } from '../../../engine/rows/types.js';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';
import { fromClause, onCondition, transformSql } from '../../../engine/transform/join-sql.js';
import { readLineage } from '../../../engine/transform/lineage.js';
import { functions } from '../../../engine/transform/supported-sql.js';
import { columnsOf } from '../../integration/transform/fixture.js';

const known = [
  {
    table: 'cells',
    columns: columnsOf({ cell_id: 'varchar(20)', seen: 'timestamp(3)', load: 'numeric(11,3)' }),
  },
  { table: 'usage', columns: columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'bigint' }) },
];
const file = 'sql/transform/cell_stats.sql';

let directory: string;
let duckdb: DuckDb;
let session: DuckDbSession;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lineage-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 1, spillDirectory: directory });
  session = await duckdb.openSession(new AbortController().signal);
});
afterAll(async () => {
  session.close();
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});
const read = (sql: string, tables = known) => readLineage(session, { file, sql }, tables);

const joined =
  'SELECT c.cell_id, c.seen AS at, u.used, u.used + 9007199254740993 AS more FROM cells c -- a comment\n' +
  'LEFT JOIN usage AS u ON c.cell_id = u.device_id AND u.seen = c.seen;';

describe('lineage of a transform', () => {
  it('tells the left table, the joins with their keys, and where each output comes from', async () => {
    expect(await read(joined)).toMatchObject({
      left: { table: 'cells', alias: 'c' },
      joins: [
        {
          table: 'usage',
          alias: 'u',
          type: 'LEFT',
          keys: [
            { left: { alias: 'c', column: 'cell_id' }, right: 'device_id', text: true },
            { left: { alias: 'c', column: 'seen' }, right: 'seen', text: false },
          ],
        },
      ],
      outputs: [
        { name: 'cell_id', from: { alias: 'c', column: 'cell_id' } },
        { name: 'at', from: { alias: 'c', column: 'seen' } },
        { name: 'used', from: { alias: 'u', column: 'used' } },
        { name: 'more' },
      ],
    });
  });

  it('finds columns without a table name, in any case', async () => {
    const { outputs, left } = await read('SELECT CELL_ID, Load FROM Cells', known.slice(0, 1));
    expect(left).toEqual({ table: 'cells', alias: 'Cells' });
    expect(outputs.map(({ from }) => from?.column)).toEqual(['cell_id', 'load']);
  });

  it('folds text keys only, on both sides, by the blanks that SQL Server ignores', async () => {
    const { joins } = await read(joined);
    const conditions = joins.map((join) => onCondition(join, true));
    expect(conditions).toEqual([
      `lower(rtrim("c"."cell_id", ' ')) = lower(rtrim("u"."device_id", ' ')) AND "c"."seen" = "u"."seen"`,
    ]);
  });

  it('gives the transform back, and loses no digit of a constant', async () => {
    const sql = transformSql(await read(joined), false);
    expect(sql).toMatch(
      /^SELECT c\.cell_id, c\.seen AS "?at"?, u\.used, .*9007199254740993.* FROM "cells" AS "c"/,
    );
    expect(sql).not.toContain('lower');
  });

  it('gives the first joins alone, and one as an inner join', async () => {
    const lineage = await read(joined);
    expect(fromClause(lineage, { folded: false })).toContain('" LEFT JOIN "usage"');
    expect(fromClause(lineage, { folded: false, inner: 0 })).toContain('" INNER JOIN "usage"');
    expect(fromClause(lineage, { folded: false, joins: 0 })).toBe('FROM "cells" AS "c"');
  });

  it('supports operators, intervals, casts and cases', async () => {
    const expressions = [
      "c.load * 2 - 1 + c.load / 3 % 5 || 'x'",
      "CASE WHEN c.cell_id LIKE 'a%' AND NOT c.load BETWEEN 1 AND 2 THEN coalesce(c.load, 0) END",
      "c.cell_id NOT LIKE 'a!%' ESCAPE '!' OR c.cell_id IN ('a', 'b') OR c.load IS NOT NULL",
      "CAST(c.seen + INTERVAL 1 DAY - INTERVAL '2' HOUR AS DATE)",
      "extract(year FROM c.seen) + UPPER(nullif(c.cell_id, ''))::INTEGER",
    ];
    const list = expressions.map((expression, index) => `${expression} AS e${index}`).join(', ');
    expect((await read(`SELECT ${list} FROM cells c`, known.slice(0, 1))).outputs).toHaveLength(5);
  });

  it('names its functions in docs/transform.md', async () => {
    const docs = await readFile('docs/transform.md', 'utf8');
    expect([...functions].filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  });

  it('names no function that DuckDB lacks or that is an aggregate', async () => {
    const rows = await session.rows<{ name: string }>(
      "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type IN ('scalar', 'macro')",
    );
    const scalar = new Set(rows.map(({ name }) => name));
    expect([...functions].filter((name) => !scalar.has(name))).toEqual([]);
  });
});

describe('the types of join keys', () => {
  const time = (precision: 0 | 7): LogicalType => ({ kind: 'time', precision });
  const timestamp = (precision: 0 | 3 | 6 | 7): LogicalType => ({ kind: 'timestamp', precision });
  /** Types in one list compare in DuckDB as in SQL Server. */
  const families: readonly (readonly LogicalType[])[] = [
    [
      { kind: 'bool' },
      { kind: 'int', bits: 8 },
      { kind: 'int', bits: 64 },
      { kind: 'decimal', precision: 11, scale: 3 },
      { kind: 'float', bits: 32 },
      { kind: 'float', bits: 64 },
    ],
    [{ kind: 'date' }, timestamp(0), timestamp(3), timestamp(6)],
    [timestamp(7)],
    [time(0)],
    [time(7)],
    [{ kind: 'uuid' }],
    [{ kind: 'text' }, { kind: 'text', maxLength: 36 }],
    [{ kind: 'bytes' }, { kind: 'bytes', maxLength: 16 }],
  ];
  const offsets: readonly LogicalType[] = [
    { kind: 'offsetTimestamp', precision: 3 },
    { kind: 'offsetTimestamp', precision: 7 },
  ];
  const all = [...families.flat(), ...offsets];
  const joinOf = (left: LogicalType, right: LogicalType) =>
    read('SELECT l.k FROM l JOIN r ON l.k = r.k', [
      { table: 'l', columns: [{ name: 'k', type: left, nullable: true }] },
      { table: 'r', columns: [{ name: 'k', type: right, nullable: true }] },
    ]);
  const pairs = all.flatMap((left) => all.map((right) => [left, right] as const));
  const alike = ([left, right]: readonly [LogicalType, LogicalType]) =>
    families.some((family) => family.includes(left) && family.includes(right));

  it('are accepted where they compare as in SQL Server, and are texts only together', async () => {
    for (const [left, right] of pairs.filter(alike)) {
      const text = left.kind === 'text';
      expect(await joinOf(left, right)).toMatchObject({ joins: [{ keys: [{ text }] }] });
    }
  });

  it('are refused in every other pair, with what to do', async () => {
    for (const [left, right] of pairs.filter((pair) => !alike(pair))) {
      const joining = joinOf(left, right);
      await expect(joining).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
      await expect(joining).rejects.toThrow(`l.k (${left.kind}`);
      await expect(joining).rejects.toThrow(`= r.k (${right.kind}`);
      await expect(joining).rejects.toThrow(/CAST both .* or join on another key/);
    }
  });

  it.each([
    ['misses one time of 0 and 7 digits', "'12:00:00'", "'12:00:00.0000000'", false],
    [
      'misses one instant of two offsets',
      "'2025-01-01 12:00:00 +00:00'",
      "'2025-01-01 13:00:00 +01:00'",
      false,
    ],
    ['finds times equal that are not', "'2025-01-01 12:00:00.0000007'", "TIMESTAMP '2025-01-01 12:00'", true],
    ['finds a text equal to a number that it is not', "'1.5'", '2::INTEGER', true],
    ['reads escapes in a text beside bytes', "'\\x41'", "'A'::BLOB", true],
  ])('are refused as DuckDB %s', async (_case, left, right, equal) => {
    await session.run(`CREATE OR REPLACE TEMP TABLE pair AS SELECT ${left}::VARCHAR AS l, ${right} AS r`);
    expect(await session.rows('SELECT l = r AS "equal" FROM pair')).toEqual([{ equal }]);
  });
});

describe('a transform that is not supported', () => {
  const from = 'FROM cells c LEFT JOIN usage u ON c.cell_id = u.device_id';
  it.each([
    ['WITH', `WITH x AS (SELECT 1 AS a) SELECT c.cell_id ${from}`],
    ['SET_OPERATION', 'SELECT cell_id FROM cells UNION ALL SELECT device_id FROM usage'],
    ['a subquery', `SELECT (SELECT 1) AS a ${from}`],
    ['SUBQUERY in FROM', 'SELECT a FROM (SELECT cell_id AS a FROM cells) x'],
    ['count_star', `SELECT count(*) AS n ${from}`],
    ['sum', `SELECT sum(u.used) AS n ${from}`],
    ['random', `SELECT random() AS n ${from}`],
    ['a window', `SELECT row_number() OVER () AS n ${from}`],
    ['GROUP BY', `SELECT c.cell_id ${from} GROUP BY c.cell_id`],
    ['DISTINCT', `SELECT DISTINCT c.cell_id ${from}`],
    ['ORDER', `SELECT c.cell_id ${from} ORDER BY 1`],
    ['LIMIT', `SELECT c.cell_id ${from} LIMIT 3`],
    ['*', `SELECT * ${from}`],
    ['USING', 'SELECT c.cell_id FROM cells c JOIN usage u USING (seen)'],
    ['NATURAL', 'SELECT c.cell_id FROM cells c NATURAL JOIN usage u'],
    ['CROSS', 'SELECT c.cell_id FROM cells c, usage u'],
    ['FULL', 'SELECT c.cell_id FROM cells c FULL JOIN usage u ON c.cell_id = u.device_id'],
    ['RIGHT', 'SELECT c.cell_id FROM cells c RIGHT JOIN usage u ON c.cell_id = u.device_id'],
    [
      'WHERE (conditions on rows belong in source_filter_<table>',
      `SELECT c.cell_id ${from} WHERE c.load > 1`,
    ],
    ['a collate', `SELECT c.cell_id COLLATE NOCASE AS id ${from}`],
    ['a type WITH TIME ZONE', `SELECT c.seen::TIMESTAMPTZ::DATE AS d ${from}`],
    ['a type WITH TIME ZONE', `SELECT CAST(c.cell_id AS TIMESTAMPTZ[])[1]::DATE AS d ${from}`],
    ['TABLE_FUNCTION', "SELECT a FROM read_csv('/etc/passwd')"],
  ])('is refused for %s, with the file and what is supported', async (what, sql) => {
    const reading = read(sql);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(`${file}: `);
    await expect(reading).rejects.toThrow(what);
    await expect(reading).rejects.toThrow('Supported now:');
  });

  it.each([
    'c.load > u.used',
    'c.cell_id = u.device_id AND c.seen >= u.seen',
    "c.cell_id = u.device_id AND c.seen >= TIMESTAMP '2025-03-01'",
    'c.cell_id = u.device_id AND u.used = 1',
    'c.cell_id = u.device_id AND u.seen = current_date',
    'c.cell_id = u.device_id AND c.cell_id = c.cell_id',
    'c.cell_id = u.device_id AND u.used = u.used',
    'c.cell_id = u.device_id OR c.seen = u.seen',
    'c.cell_id IS NOT DISTINCT FROM u.device_id',
    'trim(c.cell_id) = u.device_id',
    'c.cell_id = u.device_id COLLATE NOCASE',
    'CAST(c.load AS BIGINT) = u.used',
    'true',
  ])('is refused for the condition %s', async (condition) => {
    const reading = read(`SELECT c.cell_id FROM cells c LEFT JOIN usage u ON ${condition}`);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(
      /in the ON condition of u, anything but|column current_date is not in/,
    );
  });

  it.each([
    'coalesce(c.seen, current_timestamp)',
    'current_date',
    'current_date()',
    'CAST(localtimestamp AS DATE)',
    'current_localtimestamp()',
    'ago(INTERVAL 1 DAY)',
    'age(c.seen)',
    'today()',
    'now()',
    "current_setting('threads')",
    "getvariable('v')",
    'current_user',
    'gen_random_uuid()',
    "nextval('s')",
    'hash(c.cell_id)',
    "getenv('HOME')",
    "read_text('/etc/hosts')",
    'to_timestamp(1)',
  ])('is refused for %s, which another run may see differently', async (expression) => {
    const reading = read(`SELECT ${expression} AS value ${from}`);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(/the function \w+ \(|column \w+ is not in/);
  });

  it.each([
    ['one SELECT', 'SELECT cell_id FROM cells; SELECT 1'],
    ['one SELECT', 'DELETE FROM cells'],
    ['syntax error', 'SELECT FROM WHERE'],
    ['one SELECT', '  -- nothing\n'],
    ['table cell is none of this target', 'SELECT c.cell_id FROM cell c'],
    ['column c.nope is not in cells (cell_id, seen, load)', `SELECT c.nope ${from}`],
    ['column x.cell_id belongs to no table', `SELECT x.cell_id ${from}`],
    ['column seen is in several tables', `SELECT seen ${from}`],
    ['an expression has no name', `SELECT lower(c.cell_id) ${from}`],
    ['source table usage is exported', 'SELECT cell_id FROM cells'],
    ['two tables are called c', 'SELECT c.load FROM cells c JOIN usage c ON c.seen = c.seen'],
    ['name the source table cells alone', 'SELECT cell_id FROM dbo.cells'],
  ])('is refused: %s', async (what, sql) => {
    const reading = read(sql);
    await expect(reading).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
    await expect(reading).rejects.toThrow(`${file}: `);
    await expect(reading).rejects.toThrow(what);
  });
});
