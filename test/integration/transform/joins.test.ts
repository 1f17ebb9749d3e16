import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '../../../engine/rows/types.js';
import type { TransformOutcome } from '../../../engine/transform/engine.js';
import { type Fixture, openFixture, type Row, sorted } from './fixture.js';
import { type Case, day, last, left, leftJoin, on, right, runTransform, select, stats } from './join-case.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());
afterEach(async () => {
  expect(await readdir(join(fixture.directory, 'scratch')).catch(() => [])).toEqual([]);
});

const run = (given: Case) => runTransform(fixture, given);
const rowsOf = async (outcome: TransformOutcome, columns: readonly Column[] = stats) =>
  sorted(await fixture.read({ parts: outcome.parts, columns }));

describe('a LEFT JOIN', () => {
  const joined: readonly Row[] = [
    ['a', day, 1500n, 'a', 7n],
    ['a', last, -99_999_999_999n, null, null],
    ['b', day, null, null, null],
    ['', day, 0n, '', null],
    [null, day, 99_999_999_999n, null, null],
  ];

  it('gives every left row once, in the types of the target, and proves both sides', async () => {
    const outcome = await run({ sql: leftJoin });
    expect(await rowsOf(outcome)).toEqual(sorted(joined));
    expect(outcome).toMatchObject({ rows: 5, unmatchedLeft: 0, joinMismatches: 0 });
    expect(outcome.checksum).toEqual((await fixture.write(stats, joined)).checksum);
    expect(outcome.left).toMatchObject({ table: 'cells', alias: 'c', columns: ['cell_id', 'seen', 'load'] });
    expect(outcome.left.actual).toEqual(outcome.left.expected);
    expect(outcome.rights).toMatchObject([{ table: 'usage', expected: { rows: 2 }, actual: { rows: 2 } }]);
  });

  it('gives NULLs where the right table has no rows at all', async () => {
    const outcome = await run({ sql: leftJoin, right: [] });
    expect(await rowsOf(outcome)).toEqual(sorted(joined.map((row) => [...row.slice(0, 3), null, null])));
  });

  it('gives no part where the left table has no rows', async () => {
    const outcome = await run({ sql: leftJoin, left: [] });
    expect(outcome).toMatchObject({
      parts: [],
      rows: 0,
      bytes: 0,
      checksum: { rows: 0, sum: '0000000000000000' },
    });
  });

  it('lets many left rows share a right row', async () => {
    const sql = `${select} LEFT JOIN usage u ON c.cell_id = u.device_id`;
    const outcome = await run({ sql, right: [['a', last, 3]], chunkBy: 'none' });
    expect(outcome.rights[0]?.actual.rows).toBe(2);
    expect(outcome.rows).toBe(5);
  });

  it('is proven by a second look at the join where no right key comes out', async () => {
    const columns = stats.filter(({ name }) => name !== 'device_id');
    const sql = `SELECT c.cell_id, c.seen, c.load, u.used FROM cells c LEFT JOIN usage u ${on}`;
    const outcome = await run({ sql, columns });
    expect(outcome.rights).toMatchObject([{ columns: ['used'], expected: { rows: 5 }, actual: { rows: 5 } }]);
  });

  it('stops when a right key is not unique, naming it and counting the left rows', async () => {
    const running = run({ sql: leftJoin, right: [...right, ['a', day, 8]] });
    await expect(running).rejects.toMatchObject({ code: 'JOIN_FANOUT' });
    await expect(running).rejects.toThrow('1 rows of cells come out of the join more than once');
    await expect(running).rejects.toThrow('usage (device_id, seen)');
  });

  it('does not mind a doubled right key that no left row has', async () => {
    expect((await run({ sql: leftJoin, right: [...right, ['z', day, 8]] })).rows).toBe(5);
  });

  it('is refused where it looks into other windows, of which there are no rows here', async () => {
    const running = run({ sql: `${select} LEFT JOIN usage u ON c.cell_id = u.device_id` });
    await expect(running).rejects.toMatchObject({ code: 'TRANSFORM_INVALID' });
  });
});

describe('an INNER JOIN', () => {
  const innerJoin = `${select} JOIN usage u ${on}`;

  it('gives the matched rows, proven on both sides, and counts those that it leaves out', async () => {
    const outcome = await run({ sql: innerJoin });
    expect(outcome).toMatchObject({
      rows: 2,
      unmatchedLeft: 3,
      left: { expected: { rows: 2 } },
      rights: [{ expected: { rows: 2 } }],
    });
  });

  it('counts every row as left out where the right table has none', async () => {
    expect(await run({ sql: innerJoin, right: [] })).toMatchObject({ rows: 0, unmatchedLeft: 5 });
  });

  it('stops when it drops some rows and doubles others, so that the count is right', async () => {
    const doubled: readonly Row[] = [
      ['a', day, 7],
      ['a', day, 8],
    ];
    const running = run({ sql: innerJoin, left: left.slice(0, 2), right: doubled });
    await expect(running).rejects.toMatchObject({ code: 'JOIN_FANOUT' });
    await expect(running).rejects.toThrow('1 rows of cells come out of the join more than once');
  });
});

describe('keys that differ in case or trailing blanks', () => {
  const mixed: readonly Row[] = [
    ['A', day, 7],
    ['b  ', day, 8],
    ['', day, 1],
  ];

  it('stop the chunk, counted, while nothing is chosen', async () => {
    const running = run({ sql: leftJoin, right: mixed });
    await expect(running).rejects.toMatchObject({ code: 'JOIN_COLLATION' });
    await expect(running).rejects.toThrow(
      '2 rows of cells match usage (cell_id = usage.device_id, seen = usage.seen)',
    );
  });

  it('stay unmatched and are counted with exact', async () => {
    const outcome = await run({ sql: leftJoin, right: mixed, joinKeys: 'exact' });
    expect(outcome).toMatchObject({ rows: 5, joinMismatches: 2, rights: [{ actual: { rows: 1 } }] });
  });

  it('match with casefold_rtrim, and values come out as they were', async () => {
    const outcome = await run({ sql: leftJoin, right: mixed, joinKeys: 'casefold_rtrim' });
    expect(outcome).toMatchObject({ rows: 5, joinMismatches: 2, rights: [{ actual: { rows: 3 } }] });
    expect(
      (await rowsOf(outcome)).filter((row) => row.includes('"A"') || row.includes('"b  "')),
    ).toHaveLength(2);
  });

  it.each(['\u00a0', '\u3000', '\u2003', '\t'])(
    'do not match by %j at the end, which is no blank for SQL Server',
    async (space) => {
      const outcome = await run({
        sql: leftJoin,
        right: [[`b${space}`, day, 8]],
        joinKeys: 'casefold_rtrim',
      });
      expect(outcome).toMatchObject({ rows: 5, joinMismatches: 0, rights: [{ actual: { rows: 0 } }] });
    },
  );

  it('multiply rows with casefold_rtrim where they are unique only by bytes', async () => {
    const running = run({ sql: leftJoin, right: [...mixed, ['a', day, 9]], joinKeys: 'casefold_rtrim' });
    await expect(running).rejects.toMatchObject({ code: 'JOIN_FANOUT' });
  });
});

describe('two joins', () => {
  it('are proven each, the second one by a column of the first', async () => {
    const sql =
      'SELECT c.cell_id, c.seen, c.load, u.device_id, v.used FROM cells c ' +
      `LEFT JOIN usage u ${on} LEFT JOIN usage v ON v.device_id = u.device_id AND v.seen = u.seen`;
    const outcome = await run({ sql });
    expect(outcome.rights.map(({ alias, actual }) => [alias, actual.rows])).toEqual([
      ['u', 2],
      ['v', 5],
    ]);
  });
});
