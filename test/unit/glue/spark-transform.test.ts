import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptVersion } from '../../../engine/glue/job-request';
import { sparkTransform } from '../../../engine/glue/spark-transform';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb';
import { readLineage } from '../../../engine/transform/lineage';
import { columnsOf } from '../../integration/transform/fixture';

let duckdb: DuckDb;
let session: DuckDbSession;
beforeAll(async () => {
  duckdb = await openDuckDb({ memoryLimit: '64MB', threads: 1, spillDirectory: join(tmpdir(), 'spark-sql') });
  session = await duckdb.openSession(new AbortController().signal);
});
afterAll(() => {
  session.close();
  duckdb.close();
});

const types = {
  i: 'integer',
  d: 'numeric(11,3)',
  f: 'double precision',
  t: 'varchar(20)',
  at: 'timestamp(3)',
};
const known = ['one', 'two'].map((table) => ({ table, columns: columnsOf(types) }));

async function sparkOf(sql: string) {
  return sparkTransform(await readLineage(session, { file: 't.sql', sql }, known), 't.sql');
}
const joined = 'FROM one x LEFT JOIN two ON x.i = two.i';
const expression = async (sql: string) =>
  (await sparkOf(`SELECT ${sql} AS o ${joined}`)).select.replace(/^SELECT (.*) AS `o`$/, '$1');

describe('a transform for Spark', () => {
  it.each([
    ['plain', `SELECT x.i, two.t AS "a b" ${joined}`],
    [
      'with comments and FROM in other places',
      `-- é FROM\nSELECT X.I, two.t /* FROM */ "a b" -- FROM\n${joined}`,
    ],
    ['with FROM before', `FROM one x LEFT JOIN two ON x.i = two.i SELECT x.i, two.t AS "a b"`],
  ])('says which columns are meant, however the file is written (%s)', async (_, sql) => {
    expect(await sparkOf(sql)).toEqual({
      select: expect.stringMatching(/^SELECT `x`\.`i` AS `[iI]`, `two`\.`t` AS `a b`$/),
      left: { table: 'one', alias: 'x' },
      joins: [expect.objectContaining({ table: 'two', type: 'LEFT' })],
      outputs: [
        { name: expect.stringMatching(/^i$/i), from: { alias: 'x', column: 'i' } },
        { name: 'a b', from: { alias: 'two', column: 't' } },
      ],
    });
  });

  it.each([
    [`'a\\n''\${b}'`, "'a\\\\n\\'\\u0024{b}'"],
    ['-1.50', "CAST('-1.50' AS DECIMAL(3,2))"],
    ['0.05', "CAST('0.05' AS DECIMAL(3,2))"],
    ['x.i::BIGINT', 'CAST(`x`.`i` AS BIGINT)'],
    ['CAST(x.d AS NUMERIC(12,1))', 'CAST(`x`.`d` AS DECIMAL(12,1))'],
    ['CAST(x.i AS TEXT)', 'CAST(`x`.`i` AS STRING)'],
    ["x.t || '-'", "(`x`.`t` || '-')"],
    ['x.i + x.d * -2', '(`x`.`i` + (`x`.`d` * (-2)))'],
    [
      "CASE WHEN x.at >= TIMESTAMP '2025-01-01 00:00:00' AND NOT x.i IN (1, 2) THEN 1 ELSE x.d END",
      "CASE WHEN ((`x`.`at` >= TIMESTAMP_NTZ '2025-01-01 00:00:00') AND (`x`.`i` NOT IN ((1), (2)))) THEN (1) ELSE `x`.`d` END",
    ],
    ['CASE x.i WHEN 1 THEN true END', 'CASE WHEN (`x`.`i` = (1)) THEN TRUE ELSE NULL END'],
    ['ifnull(x.d, 0)', 'coalesce(`x`.`d`, (0))'],
    ['x.i IS DISTINCT FROM two.i', '(NOT (`x`.`i` <=> `two`.`i`))'],
    ["rtrim(x.t, ' ')", "trim(TRAILING ' ' FROM `x`.`t`)"],
    ["x.t LIKE 'a_%'", "(`x`.`t` LIKE 'a_%')"],
    ['substr(x.t, 2, 3)', 'substring(`x`.`t`, 2, 3)'],
    ['extract(year FROM x.at)', 'year(`x`.`at`)'],
  ])('has Spark’s words for %s', async (sql, spark) => {
    expect(await expression(sql)).toBe(spark);
  });

  it.each([
    ['CAST(2.7 AS INTEGER)', 'CAST of decimal to INTEGER'],
    ['CAST(x.f AS INTEGER)', 'CAST of float to INTEGER'],
    ['CAST(x.f AS VARCHAR)', 'CAST of float to VARCHAR'],
    ['CAST(1e7 AS VARCHAR)', 'a constant DOUBLE'],
    ['CAST(x.f AS DECIMAL(10,2))', 'CAST of float to DECIMAL'],
    ['x.t::INT', 'CAST of text to INTEGER'],
    ['CAST(x.at AS VARCHAR)', 'CAST of timestamp to VARCHAR'],
    ['TRY_CAST(x.i AS SMALLINT)', 'TRY_CAST'],
    ['x.d / x.i', '/'],
    ['x.f + x.f', '+ of the kind float'],
    ['chr(256)', 'chr'],
    ['lower(x.t)', 'lower'],
    ['trim(x.t)', 'trim with 1 arguments'],
    ["x.t LIKE 'a\\_b'", 'a constant text without a backslash'],
    ['substr(x.t, 0, 2)', 'anything but constants from 1 and 0 on'],
    ['"left"(x.t, -1)', 'constants from 0 on'],
    ['coalesce(x.f, x.d)', 'coalesce of the kinds float and decimal'],
    ['x.t = 1', 'a comparison of the kinds text and int'],
    ['x.i || x.t', '|| of the kind int'],
    ['round(x.d, 1)', 'round'],
  ])('refuses %s, which the engines may compute to different values', async (sql, what) => {
    await expect(expression(sql)).rejects.toMatchObject({
      code: 'TRANSFORM_INVALID',
      message: expect.stringContaining(`${what} in o is not known to give the same values on Spark`),
    });
  });
});

it('is of one version with the scripts', () => {
  const script = readFileSync(join(__dirname, '../../../deploy/glue/chunk_job/job.py'), 'utf8');
  expect(/^SCRIPT_VERSION = "(.*)"$/m.exec(script)?.[1]).toBe(scriptVersion);
});
