import { MigrationError } from '../errors.js';
import { type ColumnVector, startOf, type VarVector, type WordVector } from './column-batch.js';
import type { LogicalType } from './types.js';

/** A window of a date column: half-open, its bounds whole seconds in ISO wall-clock text; or the rows without a value. */
export interface DateWindow {
  readonly from?: string;
  readonly to?: string;
  readonly isNull?: true;
}

/** Writes into `into` the number of the window of each of the first `rows` rows, or -1 where it lies in none. */
export type RouteRows = (column: ColumnVector, rows: number, into: Int32Array) => void;

/** A moment as two whole numbers, of which the first counts more; both are exact where one would need a bigint. */
type Pair = readonly [high: number, low: number];
type ReadPair = (column: ColumnVector, row: number, pair: [number, number]) => void;

interface Span {
  readonly window: number;
  readonly from: Pair;
  readonly to: Pair;
}

const dayMs = 86_400_000;
const below: Pair = [-Infinity, 0];
const above: Pair = [Infinity, 0];

/**
 * Tells of each row of a date column in which of the windows it lies, as the source's own comparison would. Windows do
 * not overlap; neighbouring rows are often of one window, which is looked at first.
 * @throws MigrationError INTERNAL for a type that windows by date are not cut by, or a bound that is no whole second
 */
export function createWindowRouter(type: LogicalType, windows: readonly DateWindow[]): RouteRows {
  const { read, bound } = momentsOf(type);
  const spans = windows
    .map((window, index) => ({ window: index, ...window }))
    .filter(({ isNull }) => isNull !== true)
    .map(
      ({ window, from, to }): Span => ({
        window,
        from: from === undefined ? below : pairOf(from, bound),
        to: to === undefined ? above : pairOf(to, bound),
      }),
    )
    .sort((a, b) => compare(a.from, b.from));
  const nulls = windows.findIndex(({ isNull }) => isNull === true);
  const pair: [number, number] = [0, 0];
  let last: Span | undefined;
  return (column, rows, into) => {
    for (let row = 0; row < rows; row += 1) {
      if (column.nulls[row] === 1) {
        into[row] = nulls;
        continue;
      }
      read(column, row, pair);
      if (last === undefined || !holds(last, pair)) last = find(spans, pair);
      into[row] = last?.window ?? -1;
    }
  };
}

function find(spans: readonly Span[], pair: Pair): Span | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare((spans[middle] as Span).from, pair) <= 0) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span !== undefined && holds(span, pair) ? span : undefined;
}

function holds({ from, to }: Span, pair: Pair): boolean {
  return compare(from, pair) <= 0 && compare(pair, to) < 0;
}

function compare(a: Pair, b: Pair): number {
  return a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1;
}

/** How the values of a type are read, and a bound out of its milliseconds since 1970-01-01. */
function momentsOf(type: LogicalType): { readonly read: ReadPair; readonly bound: (ms: number) => Pair } {
  if (type.kind === 'date') return { read: readDays, bound: (ms) => [ms / dayMs, 0] };
  if (type.kind !== 'timestamp')
    throw new MigrationError('INTERNAL', `A column of kind ${type.kind} has no windows by date.`);
  return type.precision === 7
    ? { read: readText, bound: clockPair }
    : { read: readMicroseconds, bound: microsecondPair };
}

const readDays: ReadPair = (column, row, pair) => {
  pair[0] = (column as WordVector).data[row] as number;
  pair[1] = 0;
};

const readMicroseconds: ReadPair = (column, row, pair) => {
  const { data } = column as WordVector;
  pair[0] = data[row * 2 + 1] as number;
  pair[1] = (data[row * 2] as number) >>> 0;
};

/** Of `2025-01-31 23:59:59.1234567` the day and the second; bounds have no fraction. */
const readText: ReadPair = (column, row, pair) => {
  const vector = column as VarVector;
  const at = startOf(vector, row);
  const number = (from: number, digits: number): number => {
    let value = 0;
    for (let place = at + from; place < at + from + digits; place += 1)
      value = value * 10 + (vector.heap[place] as number) - 48;
    return value;
  };
  pair[0] = number(0, 4) * 10_000 + number(5, 2) * 100 + number(8, 2);
  pair[1] = number(11, 2) * 10_000 + number(14, 2) * 100 + number(17, 2);
};

function microsecondPair(ms: number): Pair {
  const micros = BigInt(ms) * 1000n;
  return [Number(micros >> 32n), Number(BigInt.asUintN(32, micros))];
}

function clockPair(ms: number): Pair {
  const at = new Date(ms);
  const day = at.getUTCFullYear() * 10_000 + (at.getUTCMonth() + 1) * 100 + at.getUTCDate();
  return [day, at.getUTCHours() * 10_000 + at.getUTCMinutes() * 100 + at.getUTCSeconds()];
}

function pairOf(bound: string, pair: (ms: number) => Pair): Pair {
  const [, year, rest, clock = '00:00:00'] =
    /^([+-]?\d{4,6})(-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d))?$/.exec(bound) ?? [];
  if (year === undefined || rest === undefined)
    throw new MigrationError('INTERNAL', `Bound '${bound}' of a window is no whole second.`);
  // The calendar of SQL Server ends before the year 10000.
  return Number(year) > 9999 ? above : pair(Date.parse(`${year}${rest}T${clock}Z`));
}
