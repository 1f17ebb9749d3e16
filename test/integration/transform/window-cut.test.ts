import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';
import { type CutWindow, cutByWindow } from '../../../engine/transform/window-cut.js';
import { type Fixture, openFixture } from './fixture.js';

let fixture: Fixture;
let duckdb: DuckDb;
let session: DuckDbSession;
beforeAll(async () => {
  fixture = await openFixture();
  const spillDirectory = join(fixture.directory, 'spill');
  duckdb = await openDuckDb({ memoryLimit: '64MB', threads: 2, spillDirectory });
  session = await duckdb.openSession(new AbortController().signal);
});
afterAll(async () => {
  session?.close();
  duckdb?.close();
  await fixture.close();
});

/** Writes `rows` rows, of which row i is of window `window(i)` in SQL, and cuts them. */
async function cut(rows: number, count: number, window: string): Promise<Map<number, readonly number[]>> {
  const directory = join(fixture.directory, `joined-${count}`);
  await mkdir(directory);
  await session.run(
    `COPY (SELECT i AS value, (${window})::INTEGER AS "migrate~window" FROM range(${rows}) t(i))
       TO '${join(directory, 'data.parquet')}' (FORMAT parquet, ROW_GROUP_SIZE 8192)`,
  );
  const found = new Map<number, readonly number[]>();
  for await (const { window: number, files } of cutByWindow(session, directory, 0, count))
    found.set(number, await valuesOf({ window: number, files }));
  expect((await readdir(fixture.directory)).filter((name) => name.startsWith('joined'))).toEqual([]);
  return found;
}

async function valuesOf({ files }: CutWindow): Promise<readonly number[]> {
  if (files.length === 0) return [];
  const list = files.map((file) => `'${file}'`).join(', ');
  const rows = await session.rows<{ value: bigint }>(
    `SELECT value FROM read_parquet([${list}]) ORDER BY value`,
  );
  return rows.map(({ value }) => Number(value));
}

describe('the result of a whole, cut by windows', () => {
  it('gives each window its rows, in order, and the empty ones nothing', async () => {
    const found = await cut(10, 5, 'CASE WHEN i < 4 THEN 3 ELSE 1 END');
    expect([...found]).toEqual([
      [0, []],
      [1, [4, 5, 6, 7, 8, 9]],
      [2, []],
      [3, [0, 1, 2, 3]],
      [4, []],
    ]);
  });

  it('takes no rows at all', async () => {
    expect([...(await cut(0, 33, '0')).values()].flat()).toEqual([]);
  });

  it('cuts thousands of windows within a memory limit that they would break at once', async () => {
    const count = 2_500;
    const found = await cut(20_000, count, `(i * 7919) % ${count} // 2 * 2`);
    expect([...found.keys()]).toEqual(Array.from({ length: count }, (_, window) => window));
    expect([...found.values()].flat().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20_000 }, (_, value) => value),
    );
    for (const [window, values] of found)
      expect(values.every((value) => Math.floor(((value * 7919) % count) / 2) * 2 === window)).toBe(true);
  }, 120_000);
});
