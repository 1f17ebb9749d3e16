import fc from 'fast-check';
import { batchOf } from '../../../engine/rows/cells.js';
import type { ColumnVector } from '../../../engine/rows/column-batch.js';
import type { Cell, LogicalType } from '../../../engine/rows/types.js';
import { createWindowRouter, type DateWindow } from '../../../engine/rows/window-router.js';

const start = Date.UTC(2024, 11, 30);
const moment = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** Consecutive windows with gaps left out, at whole seconds, in any order. */
const windows = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 6 * 86_400 }), { minLength: 2, maxLength: 12 }),
    fc.record({ open: fc.boolean(), gap: fc.nat(11), nulls: fc.boolean() }),
  )
  .map(([seconds, { open, gap, nulls }]): readonly DateWindow[] => {
    const cuts = seconds.sort((a, b) => a - b).map((second) => moment(start + second * 1000));
    const inner = cuts.slice(1).map((to, index) => ({ from: cuts[index] as string, to }));
    const all: DateWindow[] = inner.filter((_, index) => index !== gap);
    if (open) all.push({ to: cuts[0] as string }, { from: cuts.at(-1) as string });
    if (nulls) all.push({ isNull: true });
    return all.reverse();
  });

const fractions = { 3: '.000', 6: '.000001', 7: '.9999999' } as const;

describe('the window of a row', () => {
  it.each([3, 6, 7] as const)('is the one whose bounds hold it, for timestamp(%i)', (precision) => {
    const type: LogicalType = { kind: 'timestamp', precision };
    fc.assert(
      fc.property(
        windows,
        fc.array(fc.option(fc.integer({ min: -86_400, max: 7 * 86_400 })), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (plan, seconds, exact) => {
          const bounds = plan.flatMap(({ from, to }) => [from ?? [], to ?? []].flat());
          const texts = [
            ...bounds.map((bound) => (exact ? bound : bound + fractions[precision])),
            ...seconds.map((second) =>
              second === null ? null : moment(start + second * 1000) + fractions[precision],
            ),
          ];
          expect(
            route(
              type,
              plan,
              texts.map((text) => cellOf(type, text)),
            ),
          ).toEqual(texts.map((text) => plan.findIndex((window) => isIn(window, text))));
        },
      ),
    );
  });

  it('holds dates by whole days, before 1970 and at the ends of the calendar', () => {
    const plan = [
      { to: '1969-12-31 00:00:00' },
      { from: '1969-12-31 00:00:00', to: '1970-01-02 00:00:00' },
      { from: '1970-01-02 00:00:00', to: '10000-01-01 00:00:00' },
      { isNull: true },
    ] as const;
    const days = [-719_162, -2, -1, 0, 1, 2_932_896, null];
    expect(route({ kind: 'date' }, plan, days)).toEqual([0, 0, 1, 1, 2, 2, 3]);
  });

  it('is exact in the last microsecond of the calendar, where a double is not', () => {
    const type: LogicalType = { kind: 'timestamp', precision: 6 };
    const plan = [
      { from: '9999-12-31 00:00:00', to: '9999-12-31 23:59:59' },
      { from: '9999-12-31 23:59:59' },
    ];
    const at = BigInt(Date.UTC(9999, 11, 31, 23, 59, 59)) * 1000n;
    expect(route(type, plan, [at - 1n, at, at + 1n])).toEqual([0, 1, 1]);
  });

  it('is refused for a bound that is no whole second, and for a column that is no date', () => {
    const internal = expect.objectContaining({ code: 'INTERNAL' });
    const half = { from: '2025-01-01 00:00:00.5' };
    expect(() => createWindowRouter({ kind: 'date' }, [half])).toThrow(internal);
    expect(() => createWindowRouter({ kind: 'int', bits: 32 }, [])).toThrow(internal);
  });
});

function route(type: LogicalType, plan: readonly DateWindow[], cells: readonly Cell[]): readonly number[] {
  const batch = batchOf(
    [{ type }],
    cells.map((cell) => [cell]),
  );
  const found = new Int32Array(batch.rows);
  createWindowRouter(type, plan)(batch.columns[0] as ColumnVector, batch.rows, found);
  return [...found];
}

function cellOf(type: LogicalType, text: string | null): Cell {
  if (text === null || (type.kind === 'timestamp' && type.precision === 7)) {
    if (text === null) return null;
    const [seconds = '', fraction = ''] = text.split('.');
    return `${seconds}.${fraction.padEnd(7, '0')}`;
  }
  const [seconds = '', fraction = ''] = text.split('.');
  return (
    BigInt(Date.parse(`${seconds.replace(' ', 'T')}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
  );
}

/** ISO text sorts as the moments do. */
function isIn({ from, to, isNull }: DateWindow, text: string | null): boolean {
  if (text === null || isNull === true) return text === null && isNull === true;
  return (from === undefined || text >= from) && (to === undefined || text < to);
}
