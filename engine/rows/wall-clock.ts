import { MigrationError } from '../errors.js';

const microsecondsPerDay = 86_400_000_000;
const bigMicrosecondsPerDay = 86_400_000_000n;
const largestSafe = BigInt(Number.MAX_SAFE_INTEGER);

const firstCalendarDay = -719_162;
const lastCalendarDay = 2_932_896;

/** Whether a day, counted from 1970-01-01, lies in the years 0001..9999, all that SQL Server knows; only expressions of a transform leave them. */
export function isInCalendar(days: number): boolean {
  return days >= firstCalendarDay && days <= lastCalendarDay;
}

/**
 * ISO text of a day counted from 1970-01-01, years padded to four digits, those before 0000 not padded, as DuckDB
 * prints them. Throws VALUE_UNREPRESENTABLE for one more than a hundred million days away, such as `infinity`.
 */
export function dateText(days: number): string {
  const date = new Date(days * 86_400_000);
  if (Number.isNaN(date.getTime())) throw dayTooFar();
  return `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`;
}

/** Of a day more than a hundred million away. */
export function dayTooFar(): MigrationError {
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    'A date is infinite or farther away than can be written down. Correct the expression of the transform that gives it.',
  );
}

/**
 * A function from microseconds since 1970-01-01 00:00:00 to `2025-01-31 23:59:59.997` with exactly `precision`
 * fraction digits. Digits beyond are cut; `exceedsPrecision` tells whether there are any. It remembers the last
 * day, as rows of a chunk share few of them.
 */
export function timestampFormatter(precision: number): (microseconds: bigint) => string {
  const unit = 10 ** (6 - precision);
  const padding = 10 ** precision;
  let lastDay = Number.NaN;
  let lastText = '';
  return (microseconds) => {
    const [day, rest] = splitDays(microseconds);
    if (day !== lastDay) {
      lastDay = day;
      lastText = `${dateText(day)} `;
    }
    const seconds = Math.floor(rest / 1_000_000);
    const minutes = Math.floor(seconds / 60);
    const clock = `${lastText}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
    if (precision === 0) return clock;
    const fraction = Math.floor((rest - seconds * 1_000_000) / unit);
    return `${clock}.${String(fraction + padding).slice(1)}`;
  };
}

/** Whole days (rounded down) and the microseconds left; plain numbers wherever they are exact, as BigInt is slow. */
function splitDays(microseconds: bigint): readonly [days: number, rest: number] {
  if (microseconds <= largestSafe && microseconds >= -largestSafe) {
    const value = Number(microseconds);
    const day = Math.floor(value / microsecondsPerDay);
    return [day, value - day * microsecondsPerDay];
  }
  const rest = microseconds % bigMicrosecondsPerDay;
  const positive = rest < 0n ? rest + bigMicrosecondsPerDay : rest;
  return [Number((microseconds - positive) / bigMicrosecondsPerDay), Number(positive)];
}

const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'));

function two(value: number): string {
  return twoDigits[value] as string;
}

function pad(value: number, width: number): string {
  return value < 0 ? String(value) : String(value).padStart(width, '0');
}
