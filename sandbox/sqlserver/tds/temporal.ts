import { parseClock, toUtc } from '../clock.js';
import type { ByteWriter } from './byte-writer.js';

const dayMicros = 86_400_000_000;
/** Days from 0001-01-01, and from 1900-01-01, to 1970-01-01. */
export const daysBefore1970 = { year1: 719_162, year1900: 25_567 } as const;
const ticksPerDay = 300 * 86_400;
const powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

/** Whole days since 1970-01-01 in `micros`, rounded down; exact over the years 1 to 9999. */
function daysOf(micros: bigint): number {
  const number = Number(micros);
  if (Number.isSafeInteger(number)) {
    const days = Math.floor(number / dayMicros);
    // The division may round up to the next whole day.
    return days * dayMicros > number ? days - 1 : days;
  }
  const days = micros / 86_400_000_000n;
  return Number(days * 86_400_000_000n > micros ? days - 1n : days);
}

/** Microseconds since midnight of the day number `days`. */
function microsOfDay(micros: bigint, days: number): number {
  const number = Number(micros);
  return Number.isSafeInteger(number)
    ? number - days * dayMicros
    : Number(micros - BigInt(days) * 86_400_000_000n);
}

/** date (MS-TDS 2.2.5.5.1.8): days since 0001-01-01. */
export function writeDate(out: ByteWriter, days: number): void {
  out.u24(days + daysBefore1970.year1);
}

/** time(scale up to 6): units of 10^-scale seconds since midnight, in `bytes` bytes. */
export function writeTime(out: ByteWriter, micros: number, scale: number, bytes: 3 | 4 | 5): void {
  writeUnits(out, Math.floor(micros / (powers[6 - scale] as number)), bytes);
}

function writeUnits(out: ByteWriter, units: number, bytes: 3 | 4 | 5): void {
  if (bytes === 3) {
    out.u24(units);
    return;
  }
  out.u32(units % 0x1_0000_0000);
  if (bytes === 5) {
    out.u8(Math.floor(units / 0x1_0000_0000));
  }
}

/** time(7), datetime2(7) or datetimeoffset(scale), as their text has it: time of day, date, offset; times in UTC. */
export function writeClock(
  out: ByteWriter,
  text: string,
  name: 'time' | 'datetime2' | 'datetimeoffset',
  scale: number,
  bytes: 3 | 4 | 5,
): void {
  const clock = parseClock(text, scale);
  if (clock === undefined) {
    throw new RangeError(`${text} is no ${name}.`);
  }
  const { days, ticks } = toUtc(clock);
  writeUnits(out, ticks / 10 ** (7 - scale), bytes);
  if (name !== 'time') writeDate(out, days);
  if (name === 'datetimeoffset') out.u16(clock.offset);
}

/** datetime2(scale up to 6): the time of day, then the date. */
export function writeDateTime2(out: ByteWriter, micros: bigint, scale: number, bytes: 3 | 4 | 5): void {
  const days = daysOf(micros);
  writeTime(out, microsOfDay(micros, days), scale, bytes);
  writeDate(out, days);
}

/** datetime: days since 1900-01-01, then 1/300 seconds since midnight, rounded to the nearest. */
export function writeDateTime(out: ByteWriter, micros: bigint): void {
  let days = daysOf(micros);
  let ticks = Math.round((microsOfDay(micros, days) * 3) / 10_000);
  if (ticks >= ticksPerDay) {
    days += 1;
    ticks = 0;
  }
  out.u32(days + daysBefore1970.year1900);
  out.u32(ticks);
}

/** smalldatetime: days since 1900-01-01, then minutes since midnight. */
export function writeSmallDateTime(out: ByteWriter, micros: bigint): void {
  const days = daysOf(micros);
  out.u16(days + daysBefore1970.year1900);
  out.u16(Math.floor(microsOfDay(micros, days) / 60_000_000));
}
