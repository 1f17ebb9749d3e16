import { join } from 'node:path';
import { bindTransform } from '../../../engine/transform/check-transform.js';
import type { DuckDbSession } from '../../../engine/transform/duckdb.js';
import { checkHops } from '../../../engine/transform/hop-checks.js';
import { rowId } from '../../../engine/transform/source-views.js';
import { columnsOf, type Fixture, openFixture } from './fixture.js';

let fixture: Fixture;
let session: DuckDbSession;
beforeAll(async () => {
  fixture = await openFixture();
  session = await fixture.duckdb.openSession(new AbortController().signal);
  await session.run(`CREATE TEMP TABLE cells (id VARCHAR, seen INTEGER, load DOUBLE, "${rowId}" VARCHAR)`);
  await session.run(`CREATE TEMP TABLE usage (device VARCHAR, used INTEGER, "${rowId}" VARCHAR)`);
  await session.run(
    `INSERT INTO cells VALUES ('a', 1, 1.5, '0'), ('b', 2, '-0', '1'), ('c', 3, NULL, '2'), ('d', 4, 0, '3')`,
  );
  await session.run(`INSERT INTO usage VALUES ('a', 11, '0'), ('b', 12, '1'), ('z', 13, '2')`);
});
afterAll(async () => {
  session.close();
  await fixture.close();
});

const sources = [
  { table: 'cells', columns: columnsOf({ id: 'text', seen: 'integer', load: 'double precision' }) },
  { table: 'usage', columns: columnsOf({ device: 'text', used: 'integer' }) },
];
const columns = columnsOf({
  id: 'text',
  seen: 'bigint',
  load: 'double precision',
  device: 'text',
  used: 'integer',
});
const sql = 'SELECT id, seen, load, device, used FROM cells LEFT JOIN usage ON id = device';

/** Compares the sources with a file that holds `rows` in the place of what the transform gave. */
async function check(rows: string) {
  const target = {
    name: 'stats',
    columns,
    sources: sources.map(({ table }) => ({ table })),
    chunk: { by: 'none' as const },
    transform: { file: 'stats.sql', sql },
  };
  const lineage = await bindTransform(session, target, sources);
  const path = join(fixture.directory, 'output.parquet');
  const given = `SELECT * REPLACE (seen::BIGINT AS seen) FROM (${sql})`;
  await session.run(`COPY (${rows.replaceAll('GIVEN', `(${given})`)}) TO '${path}' (FORMAT parquet)`);
  return checkHops({ session, lineage, targetColumns: columns, output: [path], folded: false });
}

describe('the hop from raw to transformed', () => {
  it('is proven of what the transform gave', async () => {
    const { left, rights } = await check('FROM GIVEN');
    expect(left).toMatchObject({ columns: ['id', 'seen', 'load'], expected: { rows: 4 } });
    expect(left.actual).toEqual(left.expected);
    expect(rights).toMatchObject([{ table: 'usage', columns: ['device', 'used'], actual: { rows: 2 } }]);
    expect(rights[0]?.actual).toEqual(rights[0]?.expected);
  });

  it.each([
    ['a row is missing', "FROM GIVEN WHERE id <> 'c'", 'raw cells has 4 rows and .* 3: 1 missing'],
    ['a row comes twice', "FROM GIVEN UNION ALL FROM GIVEN WHERE id = 'c'", 'raw cells .*: 1 too many'],
    [
      'one row takes the place of another',
      "FROM GIVEN WHERE id <> 'c' UNION ALL FROM GIVEN WHERE id = 'd'",
      'raw cells and .* both have 4 rows, but different values',
    ],
    [
      'two rows have swapped a value of the left table',
      "SELECT * REPLACE (CASE id WHEN 'a' THEN 2 WHEN 'b' THEN 1 ELSE seen END AS seen) FROM GIVEN",
      'raw cells and .* different values',
    ],
    [
      'two rows have swapped a value of the right table',
      'SELECT * REPLACE (23 - used AS used) FROM GIVEN',
      'raw usage and .* both have 2 rows, but different values',
    ],
    [
      'a match is lost',
      "SELECT * REPLACE (nullif(device, 'a') AS device, nullif(used, 11) AS used) FROM GIVEN",
      'raw usage has 2 rows and .* 1: 1 missing',
    ],
    ['-0 became 0', 'SELECT * REPLACE (load + 0 AS load) FROM GIVEN', 'raw cells and .* different values'],
    [
      'NULL became a number',
      'SELECT * REPLACE (coalesce(load, 0) AS load) FROM GIVEN',
      'raw cells and .* different values',
    ],
  ])('fails where %s', async (_, rows, message) => {
    const checking = check(rows);
    await expect(checking).rejects.toMatchObject({ code: 'CHECKSUM_TRANSFORM' });
    await expect(checking).rejects.toThrow(new RegExp(message));
  });
});
