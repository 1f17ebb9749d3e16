import fc from 'fast-check';
import { momentText } from '../../../engine/plan/moments.js';
import { shareRows, splitWindow } from '../../../engine/plan/split-window.js';
import type { Window } from '../../../engine/plan/windows.js';

const day: Window = { label: '20250101', from: '2025-01-01 00:00:00', to: '2025-01-02 00:00:00' };
const split = (window: Window, parts: number, ...types: string[]) =>
  splitWindow('t/s/d/w', window, parts, types);
const refusal = (window: Window, parts: number, ...types: string[]) => {
  try {
    split(window, parts, ...types);
  } catch (error) {
    return error;
  }
  throw new Error('The window was split.');
};

const types = ['date', 'smalldatetime', 'datetime', 'datetime2(0)', 'datetime2(7)'] as const;
const stepOf = (type: (typeof types)[number]): number =>
  type === 'date' ? 86_400 : type === 'smalldatetime' ? 60 : 1;
/** A window whose ends the type can hold, somewhere from year 1 to 9999, and parts that fit into it. */
const splittable = fc
  .record({
    type: fc.constantFrom(...types),
    parts: fc.integer({ min: 2, max: 100 }),
    start: fc.integer({ min: 0, max: 3_000_000 }),
    extra: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ type, parts, start, extra }) => {
    const step = stepOf(type) * 1000;
    const from = Date.parse('0001-01-01') + Math.floor((start * 86_400_000 + start * 1000) / step) * step;
    const to = from + (parts + (type === 'date' ? extra % 1000 : extra)) * step;
    return { type, parts, step, from, to };
  });

describe('splitWindow', () => {
  it('cuts a day into even parts whose labels say both bounds', () => {
    expect(split(day, 4, 'datetime2(3)')).toEqual([
      { label: '20250101T000000-20250101T060000', from: '2025-01-01 00:00:00', to: '2025-01-01 06:00:00' },
      { label: '20250101T060000-20250101T120000', from: '2025-01-01 06:00:00', to: '2025-01-01 12:00:00' },
      { label: '20250101T120000-20250101T180000', from: '2025-01-01 12:00:00', to: '2025-01-01 18:00:00' },
      { label: '20250101T180000-20250102T000000', from: '2025-01-01 18:00:00', to: '2025-01-02 00:00:00' },
    ]);
  });

  it('covers any window exactly, without gap, overlap or empty part, by bounds that the column can hold', () => {
    fc.assert(
      fc.property(splittable, ({ type, parts, step, from, to }) => {
        const whole = { label: 'w', from: momentText(from), to: momentText(to) };
        const windows = split(whole, parts, type);
        const at = (text: string | undefined): number => Date.parse(`${text?.replace(' ', 'T')}Z`);
        expect(windows).toHaveLength(parts);
        expect(windows[0]?.from).toBe(whole.from);
        expect(windows.at(-1)?.to).toBe(whole.to);
        for (const [index, part] of windows.entries()) {
          expect(part.from).toBe(index === 0 ? whole.from : windows[index - 1]?.to);
          expect(at(part.from)).toBeLessThan(at(part.to));
          expect((at(part.from) - from) % step).toBe(0);
        }
        expect(new Set(windows.map(({ label }) => label)).size).toBe(parts);
      }),
    );
  });

  it('gives parts of parts labels and bounds of their own', () => {
    const [first] = split(day, 7, 'datetime');
    expect(first?.to).toBe('2025-01-01 03:25:00');
    const again = first ? split(first, 3, 'datetime') : [];
    expect(again.map(({ label }) => label)).toEqual([
      '20250101T000000-20250101T010800',
      '20250101T010800-20250101T021600',
      '20250101T021600-20250101T032500',
    ]);
  });

  it('cuts a month by days where there are enough, by minutes where not', () => {
    const month = { label: '202502', from: '2025-02-01 00:00:00', to: '2025-03-01 00:00:00' };
    expect(split(month, 4, 'date').map(({ from }) => from)).toEqual(
      ['01', '08', '15', '22'].map((at) => `2025-02-${at} 00:00:00`),
    );
    expect(split(month, 56, 'datetime2(0)')[1]?.from).toBe('2025-02-01 12:00:00');
  });

  it.each([
    ['NULLs', { label: 'null', isNull: true }, 'datetime', 'without a value'],
    [
      'an open start',
      { label: 'lt20250101', to: '2025-01-01 00:00:00' },
      'datetime',
      'source_filter_<table>',
    ],
    [
      'an open end',
      { label: 'ge20250101', from: '2025-01-01 00:00:00' },
      'datetime',
      'source_filter_<table>',
    ],
    ['a whole table', { label: 'all' }, 'datetime', '"by": "date"'],
    ['a day of a date column', day, 'date', '1 day long'],
    ['a column that is no date', day, 'int', 'no date'],
  ] as const)('refuses %s, saying why', (_, window, type, reason) => {
    const error = refusal(window, 2, type);
    expect(error).toMatchObject({
      code: 'CHUNK_UNSPLITTABLE',
      message: expect.stringContaining("'t/s/d/w'"),
    });
    expect(error).toMatchObject({ message: expect.stringContaining(reason) });
  });

  it('heeds the coarsest of all tables, and says how many parts there could be', () => {
    const month = { label: '202502', from: '2025-02-01 00:00:00', to: '2025-03-01 00:00:00' };
    expect(refusal(month, 29, 'datetime2(7)', 'date')).toMatchObject({
      message: expect.stringContaining('at most 28 parts'),
    });
    const minute = { label: 'm', from: '2025-02-01 00:00:00', to: '2025-02-01 00:01:00' };
    expect(split(minute, 60, 'datetime')).toHaveLength(60);
    expect(refusal(minute, 2, 'smalldatetime')).toMatchObject({ code: 'CHUNK_UNSPLITTABLE' });
  });

  it.each([1, 0, -3, 101, 2.5, Number.NaN])('refuses %s parts', (parts) => {
    expect(refusal(day, parts, 'datetime')).toMatchObject({
      code: 'CHUNK_UNSPLITTABLE',
      message: expect.stringContaining('from 2 to 100'),
    });
  });
});

describe('shareRows', () => {
  it('tells every row once, by the length of the parts', () => {
    const parts = split(day, 4, 'datetime');
    expect(shareRows({ 'dbo.a': 8, 'dbo.b': 3 }, parts).map((rows) => rows['dbo.a'])).toEqual([2, 2, 2, 2]);
    fc.assert(
      fc.property(splittable, fc.maxSafeNat(), ({ type, parts: count, from, to }, rows) => {
        const windows = split({ label: 'w', from: momentText(from), to: momentText(to) }, count, type);
        const shares = shareRows({ 'dbo.a': rows }, windows).map((share) => share['dbo.a'] ?? -1);
        expect(shares.every((share) => share >= 0)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(rows);
      }),
    );
  });
});
