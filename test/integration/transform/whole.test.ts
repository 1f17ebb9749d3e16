import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectKey } from '../../../engine/storage/keys.js';
import { createDuckDbEngine } from '../../../engine/transform/duckdb-engine.js';
import type { TransformOutcome, WholeRequest } from '../../../engine/transform/engine.js';
import { columnsOf, type Fixture, openFixture, type Row, somePrefix, sorted } from './fixture.js';
import { cells, day, leftJoin, stats, usage } from './join-case.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());
afterEach(async () => {
  expect(await readdir(join(fixture.directory, 'scratch')).catch(() => [])).toEqual([]);
});

const next = day + 86_400_000_000n;
/** Joined by the key alone: what matches may lie in any window. */
const byId = leftJoin.replace(' AND c.seen = u.seen', '');

interface Window {
  readonly left: readonly Row[];
  readonly right: readonly Row[];
}

async function whole(
  windows: readonly Window[],
  given: Partial<WholeRequest> & { readonly sql?: string; readonly rightColumns?: typeof usage } = {},
): Promise<readonly TransformOutcome[]> {
  const { bucket, duckdb, directory } = fixture;
  const { sql = byId, rightColumns = usage, ...request } = given;
  const requested = [];
  for (const [index, { left, right }] of windows.entries()) {
    const columns = index === 0 ? usage : rightColumns;
    requested.push({
      sources: [
        {
          table: 'cells',
          manifest: await fixture.write(cells, left, { partRows: left.length > 100 ? 10_000 : 2 }),
          bucket,
        },
        { table: 'usage', manifest: await fixture.write(columns, right, { partRows: 2 }), bucket },
      ],
      prefix: somePrefix() as ObjectKey,
    });
  }
  return createDuckDbEngine({ duckdb, scratchDirectory: join(directory, 'scratch') }).transformWhole({
    target: {
      name: 'stats',
      columns: stats,
      sources: ['cells', 'usage'].map((table) => ({ table, chunkColumn: 'seen' })),
      chunk: { by: 'date' },
      scope: 'database',
      transform: { file: 'stats.sql', sql },
    },
    windows: requested,
    output: { bucket, attempt: 'one' },
    partRows: 100_000,
    signal: new AbortController().signal,
    ...request,
  });
}

const rowsOf = async (outcome: TransformOutcome | undefined) =>
  sorted(await fixture.read({ parts: outcome?.parts ?? [], columns: stats }));

const cell = (id: string, seen: bigint, load: bigint): Row => [id, seen, load, 'x'];

describe('a transform over all windows', () => {
  const windows: readonly Window[] = [
    { left: [cell('a', day, 1n), cell('b', day, 2n)], right: [['z', day, 9]] },
    { left: [], right: [['a', next, 7]] },
    { left: [cell('a', next, 3n), cell('c', next, 4n)], right: [['c', next, null]] },
    { left: [], right: [] },
  ];

  it('finds matches in other windows, and cuts the rows by the window of the left one', async () => {
    const outcomes = await whole(windows);
    expect(await Promise.all(outcomes.map(rowsOf))).toEqual([
      sorted([
        ['a', day, 1n, 'a', 7n],
        ['b', day, 2n, null, null],
      ]),
      [],
      sorted([
        ['a', next, 3n, 'a', 7n],
        ['c', next, 4n, 'c', null],
      ]),
      [],
    ]);
    expect(outcomes.map(({ rows, parts, unmatchedLeft }) => [rows, parts.length > 0, unmatchedLeft])).toEqual(
      [
        [2, true, 0],
        [0, false, 0],
        [2, true, 0],
        [0, false, 0],
      ],
    );
    expect(outcomes.map(({ left, rights }) => [left.actual.rows, rights[0]?.actual.rows])).toEqual([
      [2, 1],
      [0, 0],
      [2, 2],
      [0, 0],
    ]);
  });

  it('counts for each window what an INNER JOIN leaves out', async () => {
    const outcomes = await whole(windows, { sql: byId.replace('LEFT JOIN', 'INNER JOIN') });
    expect(outcomes.map(({ rows, unmatchedLeft }) => [rows, unmatchedLeft])).toEqual([
      [1, 1],
      [0, 0],
      [2, 0],
      [0, 0],
    ]);
  });

  it('takes a table that is empty in every window', async () => {
    const outcomes = await whole(windows.map(({ left }) => ({ left, right: [] })));
    expect(outcomes.map(({ rows, rights }) => [rows, rights[0]?.expected.rows])).toEqual([
      [2, 0],
      [0, 0],
      [2, 0],
      [0, 0],
    ]);
  });

  it('refuses a right key that is unique in each window and not in the whole', async () => {
    const twice = [...windows, { left: [], right: [['a', day, 8]] as const }];
    await expect(whole(twice)).rejects.toMatchObject({
      code: 'JOIN_FANOUT',
      message: expect.stringContaining('2 rows of cells come out'),
    });
  });

  it('asks for a choice where keys of two windows match only without case, and counts them by window', async () => {
    const cased = [...windows, { left: [cell('Z ', next, 5n)], right: [] }];
    await expect(whole(cased)).rejects.toMatchObject({ code: 'JOIN_COLLATION' });
    const exact = await whole(cased, { joinKeys: 'exact' });
    expect(exact.map(({ joinMismatches }) => joinMismatches)).toEqual([0, 0, 0, 0, 1]);
    const folded = await whole(cased, { joinKeys: 'casefold_rtrim' });
    expect(await rowsOf(folded[4])).toEqual(sorted([['Z ', next, 5n, 'z', 9n]]));
  });

  it('refuses a table that has other columns in another database', async () => {
    const other = columnsOf({ device_id: 'varchar(20)', seen: 'timestamp(3)', used: 'bigint' });
    await expect(
      whole(
        windows.map(({ left }) => ({ left, right: [] })),
        { rightColumns: other },
      ),
    ).rejects.toMatchObject({ code: 'TRANSFORM_INVALID', message: expect.stringContaining('used') });
  });

  it('cuts a large window into parts of about partRows', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => cell(`id ${i}`, day, BigInt(i)));
    const outcomes = await whole([{ left: many, right: [] }, ...windows], { partRows: 8_192 });
    expect(outcomes[0]?.rows).toBe(40_000);
    expect(outcomes[0]?.parts.length).toBeGreaterThan(1);
    expect(new Set(await rowsOf(outcomes[0])).size).toBe(40_000);
  });
});
