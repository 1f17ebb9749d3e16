/** Digits and signs of the texts that times rest as; see `layoutOf`. */
const zero = 0x30;
const minus = 0x2d;

/** The fraction of a second is counted in ticks of 100 ns, as SQL Server does. */
export const ticksPerSecond = 10_000_000;

function digitsAt(heap: Buffer, at: number, count: number): number {
  let value = 0;
  for (let place = at; place < at + count; place++) value = value * 10 + (heap[place] as number) - zero;
  return value;
}

/**
 * Whether `heap[start..end)` has the form of `pattern`, in which 0 stands for any digit and + for either sign.
 */
export function hasForm(heap: Buffer, start: number, end: number, pattern: string): boolean {
  if (end - start !== pattern.length) return false;
  for (let place = 0; place < pattern.length; place++) {
    const wanted = pattern.charCodeAt(place);
    const found = heap[start + place] as number;
    const digit = found >= zero && found <= zero + 9;
    if (wanted === zero ? !digit : found !== wanted && !(wanted === 0x2b && found === minus)) return false;
  }
  return true;
}

/** `00:00:00.000` for three digits. */
export function clockPattern(precision: number): string {
  return precision === 0 ? '00:00:00' : `00:00:00.${'0'.repeat(precision)}`;
}

/** Seconds since midnight of `23:59:59`; negative where there is no such time. */
export function secondsAt(heap: Buffer, at: number): number {
  const hour = digitsAt(heap, at, 2);
  const minute = digitsAt(heap, at + 3, 2);
  const second = digitsAt(heap, at + 6, 2);
  return hour < 24 && minute < 60 && second < 60 ? hour * 3600 + minute * 60 + second : -1;
}

/** The ticks of `precision` digits behind the point of a clock's text that begins at `at`. */
export function ticksAt(heap: Buffer, at: number, precision: number): number {
  return precision === 0 ? 0 : digitsAt(heap, at + 9, precision) * 10 ** (7 - precision);
}

/** Days since 1970-01-01 of `2025-01-31`; NaN where there is no such day. */
export function daysAt(heap: Buffer, at: number): number {
  const year = digitsAt(heap, at, 4);
  const month = digitsAt(heap, at + 5, 2);
  const day = digitsAt(heap, at + 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return Number.NaN;
  // Years that begin in March have their odd day at their end.
  const years = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    years * 365 +
    Math.floor(years / 4) -
    Math.floor(years / 100) +
    Math.floor(years / 400) +
    dayOfYear -
    719_468
  );
}

/** Seconds that the local time of `+02:00` is ahead of UTC. */
export function offsetAt(heap: Buffer, at: number): number {
  const seconds = digitsAt(heap, at + 1, 2) * 3600 + digitsAt(heap, at + 4, 2) * 60;
  return heap[at] === minus ? -seconds : seconds;
}

/** Writes a time of day, which may be the 24:00:00 that the last of them are rounded to. */
export function writeClock(
  heap: Buffer,
  at: number,
  seconds: number,
  ticks: number,
  precision: number,
): void {
  const text =
    [seconds / 3600, (seconds / 60) % 60, seconds % 60]
      .map((part) => String(Math.floor(part)).padStart(2, '0'))
      .join(':') + (precision === 0 ? '' : `.${String(ticks).padStart(7, '0').slice(0, precision)}`);
  heap.write(text, at, 'latin1');
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
