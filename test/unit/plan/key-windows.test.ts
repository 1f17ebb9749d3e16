import fc from 'fast-check';
import {
  chained,
  divideKeys,
  grainOf,
  keyLabels,
  keyOf,
  packKeys,
  sum,
} from '../../../engine/plan/key-windows';
import type { Window } from '../../../engine/plan/windows';

const mark = (from: string, ...rows: number[]) => ({ from, rows });
/** Marks as the source gives them: in order, each with a first key of its own. */
const marks = fc
  .array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 40 })
  .map((counts) => counts.map(([left, right], at) => mark(`key${at}`, left, right + 1)));
const key = keyOf('dbo.t.k integer', undefined);
const whole: Window = { label: 'k00001', key };

/** The index of the range that a mark lies in, by the bounds alone. */
function rangeOf(
  ranges: readonly { readonly from?: string; readonly to?: string }[],
  all: readonly string[],
  from: string,
) {
  const at = all.indexOf(from);
  return ranges.findIndex(
    (range) =>
      (range.from === undefined || all.indexOf(range.from) <= at) &&
      (range.to === undefined || at < all.indexOf(range.to)),
  );
}

describe('packKeys', () => {
  it('keeps neighbours together up to the limit, and a key beyond it alone', () => {
    const found = packKeys(
      [mark('a', 3, 1), mark('b', 2, 0), mark('c', 90, 1), mark('d', 1, 1), mark('e', 8, 0)],
      10,
    );
    expect(found).toEqual([
      { to: 'c', rows: [5, 1] },
      { from: 'c', to: 'd', rows: [90, 1] },
      { from: 'd', rows: [9, 1] },
    ]);
  });

  it('covers all that the window takes in, also where there are no rows', () => {
    expect(packKeys([], 10)).toEqual([{ rows: [] }]);
    expect(packKeys([], 10, { from: 'a', to: 'b' })).toEqual([{ from: 'a', to: 'b', rows: [] }]);
    expect(packKeys([mark('b', 9), mark('c', 9)], 10, { from: 'a', to: 'd' })).toEqual([
      { from: 'a', to: 'c', rows: [9] },
      { from: 'c', to: 'd', rows: [9] },
    ]);
  });

  it('leaves no gap, loses no row and makes no window larger than it must be', () => {
    fc.assert(
      fc.property(marks, fc.integer({ min: 1, max: 200 }), (given, limit) => {
        const ranges = packKeys(given, limit);
        expect(ranges[0]?.from).toBeUndefined();
        expect(ranges.at(-1)?.to).toBeUndefined();
        for (const [index, range] of ranges.entries()) expect(range.to).toBe(ranges[index + 1]?.from);
        const all = given.map(({ from }) => from);
        for (const [index, range] of ranges.entries()) {
          const own = given.filter(({ from }) => rangeOf(ranges, all, from) === index);
          expect(sum(range.rows)).toBe(own.reduce((total, { rows }) => total + sum(rows), 0));
          expect(sum(range.rows) <= limit || own.length === 1).toBe(true);
          const next = given[given.indexOf(own.at(-1) ?? mark('')) + 1];
          if (next !== undefined && own.length > 0)
            expect(sum(range.rows) + sum(next.rows)).toBeGreaterThan(limit);
        }
      }),
    );
  });
});

describe('divideKeys', () => {
  it('makes as many parts as were asked for, each with a key, about even', () => {
    const even = Array.from({ length: 16 }, (_, at) => mark(`key${at}`, 5, 5));
    const parts = divideKeys('t/s/d/k00001', even, 4, { ...whole, from: 'key0', to: 'z' });
    expect(parts.map(({ rows }) => rows)).toEqual([
      [20, 20],
      [20, 20],
      [20, 20],
      [20, 20],
    ]);
    expect(parts.map(({ from, to }) => [from, to])).toEqual([
      ['key0', 'key4'],
      ['key4', 'key8'],
      ['key8', 'key12'],
      ['key12', 'z'],
    ]);
    fc.assert(
      fc.property(marks, fc.integer({ min: 2, max: 40 }), (given, count) => {
        fc.pre(given.length >= count);
        const found = divideKeys('t/s/d/k', given, count, whole);
        expect(found).toHaveLength(count);
        for (const [index, part] of found.entries()) {
          expect(part.to).toBe(found[index + 1]?.from);
          expect(sum(part.rows)).toBeGreaterThan(0);
        }
        expect(sum(found.map(({ rows }) => sum(rows)))).toBe(sum(given.map(({ rows }) => sum(rows))));
      }),
    );
  });

  it.each([
    [2, [mark('a', 100)], 'it cannot be cut'],
    [4, [mark('a', 1), mark('b', 90), mark('c', 1)], 'ask for at most 3 parts'],
    [1, [mark('a', 1), mark('b', 1)], 'from 2 to 100'],
  ])('refuses %d parts of what holds %j', (parts, given, reason) => {
    const divide = () => divideKeys('t/s/d/k00001', given, parts, whole);
    expect(divide).toThrow(expect.objectContaining({ code: 'CHUNK_UNSPLITTABLE' }));
    expect(divide).toThrow(reason);
  });

  it('refuses the window of the rows without a key', () => {
    const divide = () =>
      divideKeys('t/s/d/null', [mark('a', 1), mark('b', 1)], 2, { ...whole, isNull: true });
    expect(divide).toThrow('without a value');
  });
});

describe('a grid of keys', () => {
  const window = (label: string, from?: string, to?: string): Window => ({
    label,
    key,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  });

  it('is put in order by its bounds alone', () => {
    const grid = [window('k3', 'm'), window('k1', undefined, 'Z'), window('k2', 'Z', 'm')];
    expect(chained(grid).map(({ label }) => label)).toEqual(['k1', 'k2', 'k3']);
  });

  it.each([
    ['has a gap', [window('k1', undefined, 'a'), window('k2', 'b')]],
    ['lacks its end', [window('k1', undefined, 'a'), window('k2', 'a', 'b')]],
    ['lacks its beginning', [window('k2', 'a')]],
    ['holds a window twice', [window('k1', undefined, 'a'), window('k2', 'a'), window('k3', 'a')]],
    ['runs in a circle', [window('k1', undefined, 'a'), window('k2', 'a', 'a'), window('k3', 'b')]],
  ])('is none where it %s', (_, windows) => {
    expect(chained(windows)).toEqual([]);
  });

  it('goes on with labels that no window of it has', () => {
    const next = keyLabels(undefined, [window('k00007'), window('k00012-3')]);
    expect([next(), next()]).toEqual(['k00013', 'k00014']);
    expect(keyLabels('202501', [])()).toBe('202501-k00001');
  });

  it('is refused where it would be too large to be carried out', () => {
    expect(grainOf(1_000_000, 5_000_000)).toBe(250_000);
    expect(grainOf(1, 5)).toBe(1);
    expect(() => grainOf(10, 1_000_000)).toThrow(expect.objectContaining({ code: 'PLAN_TOO_LARGE' }));
  });
});
