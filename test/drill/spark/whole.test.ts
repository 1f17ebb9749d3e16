import type { TransformTarget } from '../../../engine/transform/engine.js';
import { type BothEngines, type Raw, startBothEngines } from '../../integration/glue/both-engines.js';
import { comparable } from '../../integration/glue/founding-day.js';
import { columnsOf, type Row, sorted } from '../../integration/transform/fixture.js';
import { cells, day, leftJoin, stats, usage } from '../../integration/transform/join-case.js';

jest.setTimeout(300_000);

let engines: BothEngines;
beforeAll(async () => {
  engines = await startBothEngines([
    { name: 'One', snapshotIsolation: true, readCommittedSnapshot: false, tables: [] },
  ]);
}, 300_000);
afterAll(() => engines?.close());

const next = day + 86_400_000_000n;
/** Joined by the key alone: what matches may lie in any window. */
const byId = leftJoin.replace(' AND c.seen = u.seen', '');
const inner = byId.replace('LEFT JOIN', 'INNER JOIN');
const cell = (id: string, seen: bigint, load: bigint): Row => [id, seen, load, 'x'];
/** Both engines read them as one type; their hashes count other digits. */
const finer = columnsOf({ device_id: 'varchar(30)', seen: 'timestamp(5)', used: 'integer' });

interface Window {
  readonly left: readonly Row[];
  readonly right: readonly Row[];
  readonly rightColumns?: typeof usage;
}
const windows: readonly Window[] = [
  { left: [cell('a', day, 1n), cell('b', day, 2n), cell('Zürich', day, 8n)], right: [['z', day, 9]] },
  { left: [], right: [['a', next, 7]], rightColumns: finer },
  { left: [cell('a', next, 3n), cell('c', next, 4n), cell('Z ', next, 5n)], right: [['c', next, null]] },
  { left: [], right: [] },
  { left: [cell('q', next, 6n)], right: [], rightColumns: finer },
];

const target = (sql: string): TransformTarget => ({
  name: 'stats',
  columns: stats,
  sources: ['cells', 'usage'].map((table) => ({ table, chunkColumn: 'seen' })),
  chunk: { by: 'date' },
  scope: 'category',
  transform: { file: 'stats.sql', sql },
});

/** Two files to a part, so that windows have several. */
const raw = (given: readonly Window[]): Promise<readonly Raw[]> =>
  Promise.all(
    given.map(async ({ left, right, rightColumns = usage }) => ({
      cells: await engines.fixture.write(cells, left, { partRows: 2 }),
      usage: await engines.fixture.write(rightColumns, right, { partRows: 2 }),
    })),
  );

describe('a transform over all windows by Spark', () => {
  it.each([
    ['a LEFT JOIN, keys compared exactly', byId, windows, 'exact'],
    ['a LEFT JOIN, keys compared without case and trailing blanks', byId, windows, 'casefold_rtrim'],
    ['an INNER JOIN', inner, windows, 'exact'],
    ['no row in any window', byId, windows.map(() => ({ left: [], right: [] })), 'exact'],
    ['right rows only', inner, windows.map(({ right }) => ({ left: [], right })), 'exact'],
  ] as const)('gives the rows and checksums of the embedded engine in each window: %s', async (...given) => {
    const [, sql, of, joinKeys] = given;
    const sources = await raw(of);
    const embedded = await engines.embeddedWhole(target(sql), sources, joinKeys);
    const spark = await engines.sparkWhole(target(sql), sources, joinKeys);
    if ('code' in spark) throw new Error(`${spark.code}: ${spark.message}`);
    expect(spark.map(comparable)).toEqual(embedded.map(comparable));
    for (const [index, { parts }] of spark.entries()) {
      const read = (made: typeof parts) => engines.fixture.read({ parts: made, columns: stats });
      expect(sorted(await read(parts))).toEqual(sorted(await read(embedded[index]?.parts ?? [])));
      for (const { key } of parts) expect(key).toMatch(/\/part-\d{5}\.parquet$/);
    }
  });

  it('leaves nothing but parts, its request and its result', async () => {
    const made = await engines.sparkWhole(target(byId), await raw(windows), 'exact');
    if ('code' in made) throw new Error(made.message);
    const keys: string[] = [];
    for (const { parts } of made) {
      const [first] = parts;
      if (first === undefined) continue;
      const folder = first.key.slice(0, first.key.lastIndexOf('/') + 1);
      for await (const { key } of engines.fixture.bucket.list(folder)) keys.push(key.split('/').at(-1) ?? '');
    }
    expect(keys.sort()).toEqual([
      ...['part-00000.parquet', 'part-00000.parquet', 'part-00000.parquet', 'request.json', 'result.json'],
    ]);
  });

  it.each([
    [
      'a right key that is unique in each window only',
      [...windows, { left: [], right: [['a', day, 8]] as const }],
      'exact',
      'JOIN_FANOUT',
    ],
    ['keys that match only without case, and no choice', windows, undefined, 'JOIN_COLLATION'],
  ] as const)('stops as the embedded engine does at %s', async (_, of, joinKeys, code) => {
    const sources = await raw(of);
    const failed = await engines.sparkWhole(target(byId), sources, joinKeys);
    const error = await engines
      .embeddedWhole(target(byId), sources, joinKeys)
      .then(fail, (reason: Error) => reason);
    expect(failed).toMatchObject({ code, message: error.message });
  });

  it('notices parts that lie in another window than their manifest says', async () => {
    const [first, second, third, ...others] = await raw(windows);
    if (!first?.usage || !second || !third?.usage) throw new TypeError('There are three.');
    const swapped = [
      { ...first, usage: { ...first.usage, checksum: third.usage.checksum } },
      second,
      { ...third, usage: { ...third.usage, checksum: first.usage.checksum } },
      ...others,
    ];
    const failed = await engines.sparkWhole(target(byId), swapped, 'exact');
    expect(failed).toMatchObject({ code: 'CHECKSUM_EXPORT' });
  });
});

function fail(): never {
  throw new Error('It did not stop.');
}
