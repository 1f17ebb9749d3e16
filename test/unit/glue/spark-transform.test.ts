import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptVersion } from '../../../engine/glue/job-request';
import { sparkTransform } from '../../../engine/glue/spark-transform';
import { checkTransform } from '../../../engine/transform/check-transform';
import { type DuckDb, openDuckDb } from '../../../engine/transform/duckdb';

let duckdb: DuckDb;
beforeAll(async () => {
  duckdb = await openDuckDb({ memoryLimit: '64MB', threads: 1, spillDirectory: join(tmpdir(), 'spark-sql') });
});
afterAll(() => duckdb.close());

const columns = [{ name: 'a', type: { kind: 'int', bits: 32 }, nullable: true }] as const;

async function sparkOf(sql: string) {
  const target = {
    ...{ name: 't', columns, sources: [{ table: 'one' }, { table: 'two' }], chunk: { by: 'none' } as const },
    transform: { file: 't.sql', sql },
  };
  const known = ['one', 'two'].map((table) => ({ table, columns }));
  const lineage = await checkTransform(duckdb, target, known, new AbortController().signal);
  return sparkTransform(lineage, 't.sql');
}

describe('a transform for Spark', () => {
  it.each([
    ['plain', 'SELECT x.a FROM one x LEFT JOIN two ON x.a = two.a', 'SELECT x.a'],
    [
      'with FROM in other places, and signs beyond ASCII before it',
      "-- é FROM\nSELECT CAST(extract(year FROM DATE '2025-01-01') AS INT) /* FROM 'é' */ AS a -- FROM\nFROM one x JOIN two ON x.a = two.a",
      "-- é FROM\nSELECT CAST(extract(year FROM DATE '2025-01-01') AS INT) /* FROM 'é' */ AS a -- FROM",
    ],
    ['in parentheses', 'SELECT x.a FROM (one x LEFT JOIN two ON x.a = two.a)', 'SELECT x.a'],
  ])('has the select list as the file has it (%s)', async (_, sql, select) => {
    expect(await sparkOf(sql)).toMatchObject({ select, left: { table: 'one', alias: 'x' } });
  });

  it.each([
    ['FROM one x LEFT JOIN two ON x.a = two.a SELECT x.a'],
    ['SELECT x.a FROM /* first */ one x LEFT JOIN two ON x.a = two.a'],
  ])('is refused where its FROM cannot be told: %s', async (sql) => {
    await expect(sparkOf(sql)).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
  });
});

it('is of one version with the scripts', () => {
  const script = readFileSync(join(__dirname, '../../../deploy/glue/chunk_job/job.py'), 'utf8');
  expect(/^SCRIPT_VERSION = "(.*)"$/m.exec(script)?.[1]).toBe(scriptVersion);
});
