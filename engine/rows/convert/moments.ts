import type { WordVector } from '../column-batch.js';
import type { Policy } from '../fits.js';
import { isInCalendar } from '../wall-clock.js';
import { type Conversion, type Findings, outOfCalendar, roundingOf, tooManyDigits } from './conversion.js';

const two32 = 2 ** 32;
const begin = wordsOf(-719_162n * 86_400_000_000n);
const end = wordsOf(2_932_897n * 86_400_000_000n);

/** Days: only those of the years that SQL Server knows, as expressions of a transform may leave them. */
export const dateConversion: Conversion = (vector, rows, findings) => {
  const { data, nulls } = vector as WordVector;
  for (let row = 0; row < rows; row++)
    if (!isInCalendar(data[row] as number) && nulls[row] === 0) outOfCalendar(findings, row);
  return vector;
};

/**
 * Microseconds into those of `precision` fraction digits, within the years of `dateConversion`. A moment that is
 * rounded up may be on the next day.
 */
export function momentConversion(precision: number, policy: Policy): Conversion {
  const unit = 10 ** (6 - precision);
  const highUnit = two32 % unit;
  return (vector, rows, findings) => {
    const { data, nulls } = vector as WordVector;
    let own: WordVector | undefined;
    for (let row = 0; row < rows; row++) {
      const high = data[row * 2 + 1] as number;
      const low = (data[row * 2] as number) >>> 0;
      const part = (high % unit) * highUnit + low;
      const beyond = part - Math.floor(part / unit) * unit;
      const near = high <= begin.high || high >= end.high;
      if ((beyond === 0 && !near) || nulls[row] === 1) continue;
      const delta = beyond === 0 ? 0 : roundingOf(policy, beyond, unit);
      if (delta === undefined) tooManyDigits(findings, row, precision);
      else if (delta !== 0) {
        own ??= { ...(vector as WordVector), data: data.slice() };
        addTo(own.data, row, delta);
        findings.changed(row);
      }
      requireCalendar(own?.data ?? data, row, findings);
    }
    return own ?? vector;
  };
}

function addTo(data: Int32Array, row: number, delta: number): void {
  const sum = ((data[row * 2] as number) >>> 0) + delta;
  data[row * 2] = sum;
  data[row * 2 + 1] = (data[row * 2 + 1] as number) + Math.floor(sum / two32);
}

function requireCalendar(data: Int32Array, row: number, findings: Findings): void {
  const high = data[row * 2 + 1] as number;
  const low = (data[row * 2] as number) >>> 0;
  const before = high < begin.high || (high === begin.high && low < begin.low);
  const behind = high > end.high || (high === end.high && low >= end.low);
  if (before || behind) outOfCalendar(findings, row);
}

function wordsOf(value: bigint): { readonly high: number; readonly low: number } {
  return { high: Number(value >> 32n), low: Number(BigInt.asUintN(32, value)) };
}
