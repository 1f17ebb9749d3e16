/**
 * Times as text, for the types that hold more than the microseconds of DuckDB: `23:59:59.1234567` for time(7),
 * `2025-01-31 23:59:59.1234567` for datetime2(7), `2025-01-31 23:59:59.123 +02:00` (local time) for datetimeoffset.
 */
export interface Clock {
  /** Local date, in days since 1970-01-01; that of 1900-01-01 where the text has none. */
  readonly days: number;
  /** Local time of day in units of 100 ns. */
  readonly ticks: number;
  /** Minutes east of UTC. */
  readonly offset: number;
}

export const ticksPerDay = 864_000_000_000;
const firstDay = -719_162;
const lastDay = 2_932_896;
const day1900 = -25_567;
const form =
  /^\s*(?:(\d{4})-(\d\d)-(\d\d))?(?:[ T]?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?)?\s*(Z|[+-]\d\d:\d\d)?\s*$/;

/** Reads a text, rounding its fraction to `scale` digits; undefined where it is no time or outside the years 1 to 9999. */
export function parseClock(text: string, scale: number): Clock | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = ''] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const date = year === undefined ? day1900 : daysOf(Number(year), Number(month), Number(day));
  const offset = offsetOf(zone);
  if (date === undefined || Math.abs(offset) > 14 * 60) return undefined;
  const unit = 10 ** (7 - scale);
  const exact =
    (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1e7 + Number(fraction.padEnd(7, '0'));
  const rounded = Math.floor((exact + unit / 2) / unit) * unit;
  const days = date + (rounded === ticksPerDay && year !== undefined ? 1 : 0);
  const clock = { days, ticks: rounded % ticksPerDay, offset };
  const { days: utcDays } = toUtc(clock);
  return days > lastDay || utcDays < firstDay || utcDays > lastDay ? undefined : clock;
}

/** The same instant with offset 0. */
export function toUtc({ days, ticks, offset }: Clock): Clock {
  return moved(days, ticks - offset * 600_000_000, 0);
}

/** The local time with `offset` of an instant given in UTC. */
export function fromUtc(days: number, ticks: number, offset: number): Clock {
  return moved(days, ticks + offset * 600_000_000, offset);
}

function moved(days: number, ticks: number, offset: number): Clock {
  const overflow = Math.floor(ticks / ticksPerDay);
  return { days: days + overflow, ticks: ticks - overflow * ticksPerDay, offset };
}

export function timeText(ticks: number, scale: number): string {
  const seconds = Math.floor(ticks / 1e7);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return scale === 0
    ? clock
    : `${clock}.${String(ticks % 1e7)
        .padStart(7, '0')
        .slice(0, scale)}`;
}

export function dateTimeText({ days, ticks }: Clock, scale: number): string {
  return `${new Date(days * 86_400_000).toISOString().slice(0, 10)} ${timeText(ticks, scale)}`;
}

export function offsetText(offset: number): string {
  const minutes = Math.abs(offset);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Minutes of `+02:00`; 0 for `Z` and for nothing. */
export function offsetOf(zone: string): number {
  if (zone === '' || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Days since 1970-01-01, or undefined for a date that does not exist. */
function daysOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const same =
    date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same && year > 0 ? date.getTime() / 86_400_000 : undefined;
}
