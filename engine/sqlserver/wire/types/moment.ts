/** Days from 0001-01-01 to 1970-01-01, and to the day after 9999-12-31. */
export const epochDay = 719_162;
export const daysEnd = 3_652_059;
/** Days from 1900-01-01, where datetime counts from, to 1970-01-01. */
export const daysFrom1900 = 25_567;
export const secondsOfDay = 86_400;

/** A day's microseconds are 20 * 2^32 + 500,654,080. */
const dayHigh = 20;
const dayLow = 500_654_080;
const wordSize = 2 ** 32;

/**
 * Statements that write microseconds since 1970-01-01 00:00:00 without a bigint. Expressions: `days` since then (within
 * four million), `micros` of the day.
 */
export function microsCode(days: string, micros: string): string {
  return `
    const days = ${days};
    const low = days * ${dayLow} + ${micros};
    data[2 * row] = low | 0;
    data[2 * row + 1] = days * ${dayHigh} + Math.floor(low / ${wordSize});`;
}

/** Unsigned little-endian number of 3, 4 or 5 bytes: how time(n) travels (MS-TDS 2.2.5.5.1.8). */
export function ticksAt(bytes: Buffer, at: number, size: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  if (size === 3) return low;
  const middle = low + (bytes[at + 3] as number) * 2 ** 24;
  return size === 4 ? middle : middle + (bytes[at + 4] as number) * wordSize;
}

/** Days since 0001-01-01, in 3 bytes. */
export function dayAt(bytes: Buffer, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
}

/** Bytes of the ticks of a scale. */
export function ticksSize(scale: number): 3 | 4 | 5 {
  if (scale <= 2) return 3;
  return scale <= 4 ? 4 : 5;
}

const zero = 48;

/** Writes `value` in `width` decimal digits at `at`. */
export function writeDigits(heap: Buffer, at: number, value: number, width: number): void {
  let rest = value;
  for (let place = at + width - 1; place >= at; place -= 1) {
    const tenth = Math.floor(rest / 10);
    heap[place] = zero + rest - tenth * 10;
    rest = tenth;
  }
}

/** `2025-01-31`; `day` counts from 0001-01-01. */
export function writeDate(heap: Buffer, at: number, day: number): void {
  // Years begin in March here, so that the leap day is their last (the usual civil-from-days).
  const shifted = day + 306;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  writeDigits(heap, at, year, 4);
  heap[at + 4] = 45;
  writeDigits(heap, at + 5, month, 2);
  heap[at + 7] = 45;
  writeDigits(heap, at + 8, ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1, 2);
}

/** Bytes of `writeTime`. */
export function timeWidth(scale: number): number {
  return scale === 0 ? 8 : 9 + scale;
}

/** `23:59:59.1234567` with `scale` digits; `ticks` of 10^-scale seconds since midnight. */
export function writeTime(heap: Buffer, at: number, ticks: number, scale: number): void {
  const unit = 10 ** scale;
  const seconds = Math.floor(ticks / unit);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  writeDigits(heap, at, hours, 2);
  heap[at + 2] = 58;
  writeDigits(heap, at + 3, minutes - hours * 60, 2);
  heap[at + 5] = 58;
  writeDigits(heap, at + 6, seconds - minutes * 60, 2);
  if (scale === 0) return;
  heap[at + 8] = 46;
  writeDigits(heap, at + 9, ticks - seconds * unit, scale);
}
