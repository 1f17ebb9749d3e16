import { createVector, reserveHeap, startOf, type VarVector, type WordVector } from '../column-batch.js';
import type { Policy } from '../fits.js';
import {
  clockPattern,
  daysAt,
  hasForm,
  offsetAt,
  secondsAt,
  ticksAt,
  ticksPerSecond,
  writeClock,
} from './clock-text.js';
import { type Conversion, type Findings, outOfCalendar, roundingOf, tooManyDigits } from './conversion.js';

const firstSecond = -719_162 * 86_400;
const endSecond = 2_932_897 * 86_400;

interface Precisions {
  readonly from: number;
  readonly to: number;
}

/** Ticks of as many digits as the target has, or undefined for a row that is poison now. */
function fitTicks(
  ticks: number,
  row: number,
  to: number,
  policy: Policy,
  findings: Findings,
): number | undefined {
  const unit = 10 ** (7 - to);
  const beyond = ticks % unit;
  if (beyond === 0) return ticks;
  const delta = roundingOf(policy, beyond, unit);
  if (delta === undefined) tooManyDigits(findings, row, to);
  else findings.changed(row);
  return delta === undefined ? undefined : ticks + delta;
}

/**
 * Moments that rest as text, `2025-01-31 23:59:59.1234567`, with an offset ` +02:00` or without, into microseconds of
 * their wall clock, or with an offset of UTC. One that is rounded up may be on the next day.
 */
export function textMomentConversion(
  { from, to }: Precisions,
  withOffset: boolean,
  policy: Policy,
): Conversion {
  const pattern = `0000-00-00 ${clockPattern(from)}${withOffset ? ' +00:00' : ''}`;
  const own = createVector('i64') as WordVector;

  function convertRow(heap: Buffer, start: number, end: number, row: number, findings: Findings): void {
    const days = daysAt(heap, start);
    const clock = secondsAt(heap, start + 11);
    if (!hasForm(heap, start, end, pattern) || Number.isNaN(days) || clock < 0) {
      noTime(findings, row);
      return;
    }
    const ticks = fitTicks(ticksAt(heap, start + 11, from), row, to, policy, findings);
    if (ticks === undefined) return;
    const carry = ticks === ticksPerSecond ? 1 : 0;
    const seconds = days * 86_400 + clock - (withOffset ? offsetAt(heap, end - 6) : 0) + carry;
    if (seconds < firstSecond || seconds >= endSecond) outOfCalendar(findings, row);
    else putMicroseconds(own.data, row, seconds, carry === 1 ? 0 : ticks / 10);
  }

  return (vector, rows, findings) => {
    const { heap, ends, nulls, nullCount } = vector as VarVector;
    let start = 0;
    for (let row = 0; row < rows; row++) {
      const end = ends[row] as number;
      if (nulls[row] === 0) convertRow(heap, start, end, row, findings);
      start = end;
    }
    return { ...own, nulls, nullCount };
  };
}

/** A million is 15,625 times 64: the first product is an exact double, the second a shift. */
function putMicroseconds(data: Int32Array, row: number, seconds: number, microseconds: number): void {
  const product = seconds * 15_625;
  const high = Math.floor(product / 2 ** 26);
  const low = (product - high * 2 ** 26) * 64 + microseconds;
  data[row * 2] = low;
  data[row * 2 + 1] = high + Math.floor(low / 2 ** 32);
}

/**
 * Times of day, as text of all digits on both sides. PostgreSQL has 24:00:00, which the last ones are rounded to, as
 * it rounds them itself.
 */
export function timeConversion({ from, to }: Precisions, policy: Policy): Conversion {
  const pattern = clockPattern(from);
  const width = clockPattern(to).length;
  const own = createVector('var') as VarVector;

  /** The time's text at the end of the own heap; false where there is none. */
  function convertRow(heap: Buffer, start: number, at: number, row: number, findings: Findings): boolean {
    const ticks = fitTicks(ticksAt(heap, start, from), row, to, policy, findings);
    if (ticks === undefined) return false;
    const carry = ticks === ticksPerSecond ? 1 : 0;
    reserveHeap(own, at + width);
    writeClock(own.heap, at, secondsAt(heap, start) + carry, carry === 1 ? 0 : ticks, to);
    return true;
  }

  return (vector, rows, findings) => {
    const source = vector as VarVector;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const start = startOf(source, row);
      const end = source.ends[row] as number;
      if (source.nulls[row] === 0) {
        if (!hasForm(source.heap, start, end, pattern) || secondsAt(source.heap, start) < 0)
          noTime(findings, row);
        else if (from !== to && convertRow(source.heap, start, at, row, findings)) at += width;
      }
      own.ends[row] = at;
    }
    return from === to ? vector : { ...own, nulls: source.nulls, nullCount: source.nullCount };
  };
}

function noTime(findings: Findings, row: number): void {
  findings.poison(row, 'NO_TIME', 'the text is no time of its type');
}
