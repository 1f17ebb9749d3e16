import fc from 'fast-check';
import { partitionRange, windowGrid } from '../../../engine/plan/windows.js';

const labels = (input: Parameters<typeof windowGrid>[0]): readonly string[] =>
  windowGrid(input).map((window) => window.label);

describe('windowGrid', () => {
  it('cuts bounded filters into whole days, half-open', () => {
    const grid = windowGrid({ grain: 'day', bounds: { from: '2025-01-30', to: '2025-02-02' }, nulls: false });
    expect(grid).toEqual([
      { label: '20250130', from: '2025-01-30 00:00:00', to: '2025-01-31 00:00:00' },
      { label: '20250131', from: '2025-01-31 00:00:00', to: '2025-02-01 00:00:00' },
      { label: '20250201', from: '2025-02-01 00:00:00', to: '2025-02-02 00:00:00' },
    ]);
  });

  it('keeps the last day of a filter that ends within it', () => {
    expect(
      labels({
        grain: 'day',
        bounds: { from: '2025-01-01', to: '2025-01-02 00:00:00.0000001' },
        nulls: false,
      }),
    ).toEqual(['20250101', '20250102']);
  });

  it('adds both open ends and the rows without a value where nothing bounds the column', () => {
    const found = { min: '2025-01-01 12:00:00', max: '2025-01-02 00:00:00' };
    expect(labels({ grain: 'day', bounds: {}, found, nulls: true })).toEqual([
      'lt20250101',
      '20250101',
      '20250102',
      'ge20250103',
      'null',
    ]);
  });

  it('is one window where an unbounded table has no rows', () => {
    const grid = windowGrid({ grain: 'day', bounds: {}, nulls: true });
    // Bounded below, or it would read the rows without a value as well.
    expect(grid).toEqual([
      { label: 'all', from: '0001-01-01 00:00:00' },
      { label: 'null', isNull: true },
    ]);
    expect(windowGrid({ grain: 'day', bounds: { to: '2025-01-01' }, nulls: true })[0]).toEqual({
      label: 'all',
      from: '0001-01-01 00:00:00',
      to: '2025-01-01 00:00:00',
    });
  });

  it.each([
    ['day', '9999-12-30 08:00', ['lt99991230', '99991230', 'ge99991231']],
    ['month', '9999-11-30 08:00', ['lt99991101', '999911', 'ge99991201']],
  ] as const)('ends by %s in one open window at the top of the calendar', (grain, min, expected) => {
    const found = { min, max: '9999-12-31 23:59:59.9999999' };
    const grid = windowGrid({ grain, bounds: {}, found, nulls: false });
    expect(grid.map(({ label }) => label)).toEqual(expected);
    expect(grid.at(-1)?.to).toBeUndefined();
    expect(JSON.stringify(grid)).not.toContain('+');
  });

  it('ends there too where a filter or input_partition reaches it', () => {
    const ge = [{ label: 'ge99991231', from: '9999-12-31 00:00:00' }];
    const filter = { from: '9999-12-31', to: '9999-12-31 12:00:00' };
    expect(windowGrid({ grain: 'day', bounds: filter, nulls: false })).toEqual(ge);
    for (const grain of ['day', 'month'] as const)
      expect(windowGrid({ grain, partition: '99991231', bounds: {}, nulls: false })).toEqual(ge);
    expect(windowGrid({ grain: 'month', partition: '99991230', bounds: {}, nulls: false })).toEqual([
      { label: '99991230', from: '9999-12-30 00:00:00', to: '9999-12-31 00:00:00' },
    ]);
  });

  it('takes a sentinel of 9999-12-31 by month, as its own message advises', () => {
    const found = { min: '2025-01-15', max: '9999-12-31' };
    expect(() => windowGrid({ grain: 'day', bounds: {}, found, nulls: false })).toThrow(/"grain": "month"/);
    // lt, January 2025 to November 9999, ge.
    expect(windowGrid({ grain: 'month', bounds: {}, found, nulls: false })).toHaveLength(7_975 * 12 + 1);
  });

  it('does not advise months against too many months', () => {
    const found = { min: '0001-01-01', max: '9999-12-31' };
    const grid = () => windowGrid({ grain: 'month', bounds: {}, found, nulls: false });
    expect(grid).toThrow(/source_filter_<table>\.$/);
  });

  it('counts the first century as what it is', () => {
    const found = { min: '0001-01-31', max: '0001-03-01' };
    expect(labels({ grain: 'month', bounds: {}, found, nulls: false })).toEqual([
      'lt00010101',
      '000101',
      '000102',
      '000103',
      'ge00010401',
    ]);
  });

  it('cuts by month, and a day of input_partition out of its month', () => {
    const bounds = { from: '2025-01-01', to: '2025-04-01' };
    expect(labels({ grain: 'month', bounds, nulls: false })).toEqual(['202501', '202502', '202503']);
    expect(windowGrid({ grain: 'month', partition: '20250215', bounds, nulls: false })).toEqual([
      { label: '20250215', from: '2025-02-15 00:00:00', to: '2025-02-16 00:00:00' },
    ]);
  });

  it('has no window where input_partition and filter do not meet', () => {
    const bounds = { from: '2025-01-01', to: '2025-04-01' };
    expect(labels({ grain: 'day', partition: '20240101', bounds, nulls: false })).toEqual([]);
  });

  it('refuses a sentinel date that would make millions of days', () => {
    const found = { min: '1900-01-01', max: '9999-12-31 00:00:00' };
    expect(() => windowGrid({ grain: 'day', bounds: {}, found, nulls: false })).toThrow(/source_filter/);
  });

  it('puts every moment into exactly one window', () => {
    const day = fc.date({ min: new Date('1990-01-01'), max: new Date('2030-12-31'), noInvalidDate: true });
    const iso = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');
    fc.assert(
      fc.property(
        day,
        day,
        day,
        fc.constantFrom('day', 'month'),
        fc.boolean(),
        (a, b, at, grain, bounded) => {
          const [min, max] = a <= b ? [iso(a), iso(b)] : [iso(b), iso(a)];
          const input = bounded ? { bounds: { from: min, to: max } } : { bounds: {}, found: { min, max } };
          const moment = iso(at);
          const holders = windowGrid({ grain: grain as 'day', nulls: false, ...input }).filter(
            ({ from, to }) => (from === undefined || from <= moment) && (to === undefined || moment < to),
          );
          const mustHold = !bounded || (min <= moment && moment < max);
          return mustHold ? holders.length === 1 : holders.length <= 1;
        },
      ),
    );
  });
});

describe('partitionRange', () => {
  it('spans a month over the end of a year and one day of a leap year', () => {
    expect(partitionRange('202412')).toEqual({ from: '2024-12-01 00:00:00', to: '2025-01-01 00:00:00' });
    expect(partitionRange('20240229')).toEqual({ from: '2024-02-29 00:00:00', to: '2024-03-01 00:00:00' });
  });
});
