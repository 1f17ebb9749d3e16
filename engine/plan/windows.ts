import { MigrationError } from '../errors.js';
import { momentText, parseMoment } from './moments.js';

/**
 * A half-open range `[from, to)` of the chunking column, in ISO wall-clock text (`2025-01-31 00:00:00`) or, by key, in
 * what only the source can compare. An absent bound is open; `isNull` is the window of rows without a value. Labels are
 * unique in a database. Bounds by key are values of rows: they rest in the control tables alone.
 */
export interface Window {
  readonly label: string;
  readonly from?: string;
  readonly to?: string;
  readonly isNull?: true;
  readonly key?: KeyGrid;
}

/** What the windows of one grid by key have in common. */
export interface KeyGrid {
  /** Which columns the bounds are values of, so that a grid is not taken for that of another configuration. */
  readonly of: string;
  /** The days to which `input_partition` confines the rows. */
  readonly partition?: { readonly from: string; readonly to: string };
}

type Grain = 'day' | 'month';

export interface GridInput {
  readonly grain: Grain;
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly partition?: string;
  /** What the filters allow; an absent side is unbounded. ISO date or date-time text. */
  readonly bounds: { readonly from?: string; readonly to?: string };
  /** Smallest and largest value found, where a side is unbounded; absent where there are no rows. */
  readonly found?: { readonly min: string; readonly max: string };
  /** True when rows without a value may pass the filter. */
  readonly nulls: boolean;
}

const dayMs = 86_400_000;
/** SQL Server's first day, and the first moment that neither it nor four digits of a year can write. */
const calendarStart = '0001-01-01';
const calendarEnd = Date.UTC(10_000, 0, 1);
/** A sentinel such as 9999-12-31 must not become three million empty days. */
const maxWindows = 100_000;

/** The whole `YYYYMM` or `YYYYMMDD` as a range of days; of the calendar's last ones `to` is `+010000-01-01 00:00:00`. */
export function partitionRange(partition: string): { readonly from: string; readonly to: string } {
  const start = firstDay(partition);
  const end = partition.length === 6 ? nextStep(start, 'month') : start + dayMs;
  return { from: momentText(start), to: momentText(end) };
}

/**
 * Every window of one database, in order, without gap or overlap over all that the filters and the partition
 * leave: days or months, plus the open ends where no filter bounds the column, plus NULL. The last step of the
 * calendar is an open end too: what follows it cannot be written.
 */
export function windowGrid(input: GridInput): readonly Window[] {
  const partition = input.partition === undefined ? undefined : partitionRange(input.partition);
  const low = latest(partition?.from, input.bounds.from);
  const high = earliest(partition?.to, input.bounds.to);
  const first = floorStep(low ?? input.found?.min, input.grain);
  const last = high === undefined ? ceilFound(input.found?.max, input.grain) : ceilStep(high, input.grain);
  if (first === undefined || last === undefined) return openGrid(low, high, input.nulls);
  const windows = steps(first, last, input.grain, partition);
  const lowest = momentText(first);
  const highest = momentText(last);
  return [
    ...(low === undefined ? [{ label: `lt${compact(lowest)}`, to: lowest }] : []),
    ...windows,
    ...(high === undefined && last < calendarEnd ? [{ label: `ge${compact(highest)}`, from: highest }] : []),
    ...nullWindow(input.nulls && partition === undefined),
  ];
}

/**
 * Where the column has no values and a side is unbounded: one window that still takes what may come. It has a
 * lower bound always, as a window without any would take the rows without a value a second time.
 */
function openGrid(low: string | undefined, high: string | undefined, nulls: boolean): readonly Window[] {
  const range = {
    from: momentText(parseMoment(low ?? calendarStart)),
    ...(high && { to: momentText(parseMoment(high)) }),
  };
  return [{ label: 'all', ...range }, ...nullWindow(nulls)];
}

function nullWindow(wanted: boolean): readonly Window[] {
  return wanted ? [{ label: 'null', isNull: true }] : [];
}

function steps(
  first: number,
  last: number,
  grain: Grain,
  partition: { readonly from: string; readonly to: string } | undefined,
): readonly Window[] {
  if (countSteps(first, last, grain) > maxWindows) throw tooMany(first, last, grain);
  const windows: Window[] = [];
  for (let at = first; at < last; at = nextStep(at, grain)) {
    const from = Math.max(at, partition === undefined ? at : parseMoment(partition.from));
    const next = nextStep(at, grain);
    const to = Math.min(next, partition === undefined ? next : parseMoment(partition.to));
    const label = compact(momentText(from)).slice(
      0,
      grain === 'day' || (partition && to - from === dayMs) ? 8 : 6,
    );
    windows.push(
      to < calendarEnd
        ? { label, from: momentText(from), to: momentText(to) }
        : { label: `ge${compact(momentText(from))}`, from: momentText(from) },
    );
  }
  return windows;
}

function countSteps(first: number, last: number, grain: Grain): number {
  if (grain === 'day') return (last - first) / dayMs;
  const months = (at: number) => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
  return months(last) - months(first);
}

function tooMany(first: number, last: number, grain: Grain): MigrationError {
  const coarser = grain === 'day' ? ', or choose "grain": "month"' : '';
  return new MigrationError(
    'PLAN_TOO_LARGE',
    `Windows from ${momentText(first)} to ${momentText(last)} by ${grain} would be more than ${maxWindows}. ` +
      `Bound the chunking column in source_filter_<table>${coarser}.`,
  );
}

function firstDay(partition: string): number {
  const day = partition.length === 6 ? '01' : partition.slice(6);
  return parseMoment(`${partition.slice(0, 4)}-${partition.slice(4, 6)}-${day}`);
}

function floorStep(text: string | undefined, grain: Grain): number | undefined {
  if (text === undefined) return undefined;
  const at = new Date(parseMoment(text));
  if (grain === 'month') at.setUTCDate(1);
  return at.setUTCHours(0, 0, 0, 0);
}

function ceilStep(text: string, grain: Grain): number | undefined {
  const floor = floorStep(text, grain);
  if (floor === undefined) return undefined;
  return floor === parseMoment(text) && !hasSubMillisecond(text) ? floor : nextStep(floor, grain);
}

/** The largest value itself must lie inside the grid, so its own day or month is the last one. */
function ceilFound(text: string | undefined, grain: Grain): number | undefined {
  const floor = floorStep(text, grain);
  return floor === undefined ? undefined : nextStep(floor, grain);
}

/** Date.parse drops digits beyond milliseconds; a bound of 00:00:00.0000001 still reaches into the day. */
function hasSubMillisecond(text: string): boolean {
  return /\.\d{3}\d*[1-9]/.test(text);
}

function nextStep(at: number, grain: Grain): number {
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(at);
  return grain === 'day' ? at + dayMs : date.setUTCMonth(date.getUTCMonth() + 1, 1);
}

function compact(text: string): string {
  return text.slice(0, 10).replaceAll('-', '');
}

function latest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return parseMoment(a) >= parseMoment(b) ? a : b;
}

function earliest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return parseMoment(a) <= parseMoment(b) ? a : b;
}
