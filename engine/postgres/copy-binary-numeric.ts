import { batchRows, type ShortVector, type WordVector } from '../rows/column-batch.js';
import { createMagnitude, divide, loadMagnitude } from '../rows/magnitude.js';
import { type FieldForm, writeNull } from './copy-binary-field.js';

/** PostgreSQL keeps numerics in groups of four digits, which lie around the decimal point. */
const groupDigits = 4;
const groupBase = 10_000;
/** ndigits, weight, sign and dscale, 16 bits each. */
const headerBytes = 8;
const negativeSign = 0x4000;

/** Digits of the largest number that fits into a layout. */
const digitsOf = { i16: 5, i32: 10, i64: 19, i128: 39 } as const;
const two32 = 2 ** 32;
const largestHigh = 2 ** 21;
const largestInteger = 2 ** 31 - 1;

type DecimalVector = ShortVector | WordVector;

/**
 * numeric, with the scale as declared, which PostgreSQL shows in full. Each value has as many groups as its column's
 * precision asks for, leading zeros included, which PostgreSQL drops: so all rows are of one size. A value beyond its
 * precision, which a server refuses, is given all its groups.
 */
export function numericForm(precision: number, scale: number): FieldForm {
  const fraction = Math.ceil(scale / groupDigits);
  const groups = fraction + Math.ceil((precision - scale) / groupDigits);
  const limit = 10 ** precision;
  /** What the digits of the lowest group count up to, where the scale does not fill it. */
  const lowest = scale % groupDigits === 0 ? groupBase : 10 ** (scale % groupDigits);
  const lift = groupBase / lowest;
  const values = new Float64Array(batchRows);
  const magnitude = createMagnitude();

  const groupsOf = (vector: DecimalVector, row: number) =>
    approximately(vector, row, values) < limit
      ? groups
      : Math.max(groups, fraction + Math.ceil((digitsOf[vector.layout] - scale) / groupDigits));

  /** Fills the groups before `end`, the lowest first. */
  function writeSmall(view: DataView, value: number, first: number, end: number): void {
    let left = Math.floor(value / lowest);
    view.setInt16(end - 2, (value - left * lowest) * lift);
    let place = end - 4;
    for (; left > largestInteger; place -= 2) {
      const quotient = Math.floor(left / groupBase);
      view.setInt16(place, left - quotient * groupBase);
      left = quotient;
    }
    // The same by integers, which are faster.
    let integer = left | 0;
    for (; place >= first; place -= 2) {
      const quotient = (integer / groupBase) | 0;
      view.setInt16(place, integer - quotient * groupBase);
      integer = quotient;
    }
  }

  function writeLarge(view: DataView, first: number, end: number): void {
    view.setInt16(end - 2, divide(magnitude, lowest) * lift);
    for (let place = end - 4; place >= first; place -= 2) view.setInt16(place, divide(magnitude, groupBase));
  }

  return {
    width: headerBytes + groups * 2,
    grow(vector, sizes, rows) {
      const decimals = vector as DecimalVector;
      loadDoubles(decimals, values, rows);
      for (let row = 0; row < rows; row++)
        if (!(Math.abs(values[row] as number) < limit) && vector.nulls[row] === 0)
          sizes[row] = (sizes[row] as number) + (groupsOf(decimals, row) - groups) * 2;
    },
    write(vector, { view, at }, from, to) {
      const { nulls } = vector;
      for (let row = from; row < to; row++) {
        const place = at[row] as number;
        if (nulls[row] === 1) {
          at[row] = writeNull(view, place);
          continue;
        }
        const value = values[row] as number;
        const size = Math.abs(value) < limit ? groups : groupsOf(vector as DecimalVector, row);
        const first = place + 4 + headerBytes;
        const end = first + size * 2;
        let negative = value < 0;
        if (Number.isNaN(value)) {
          negative = loadMagnitude(magnitude, vector, row);
          writeLarge(view, first, end);
        } else writeSmall(view, Math.abs(value), first, end);
        view.setInt32(place, headerBytes + size * 2);
        view.setInt16(place + 4, size);
        view.setInt16(place + 6, size - fraction - 1);
        view.setInt16(place + 8, negative ? negativeSign : 0);
        view.setInt16(place + 10, scale);
        at[row] = end;
      }
    },
  };
}

/** Unscaled values where a double holds them exactly, else NaN. */
function loadDoubles({ layout, data }: DecimalVector, values: Float64Array, rows: number): void {
  if (layout === 'i16' || layout === 'i32') values.set(data.subarray(0, rows));
  else if (layout === 'i64')
    for (let row = 0; row < rows; row++)
      values[row] = fromWords(data[row * 2 + 1] as number, data[row * 2] as number);
  else
    for (let row = 0; row < rows; row++) {
      const high = data[row * 4 + 1] as number;
      const fits = data[row * 4 + 2] === high >> 31 && data[row * 4 + 3] === high >> 31;
      values[row] = fits ? fromWords(high, data[row * 4] as number) : Number.NaN;
    }
}

function fromWords(high: number, low: number): number {
  return high >= -largestHigh && high < largestHigh ? high * two32 + (low >>> 0) : Number.NaN;
}

/** The magnitude, rounded upwards where a double does not hold it, so that none seems smaller than it is. */
function approximately({ layout, data }: DecimalVector, row: number, values: Float64Array): number {
  const value = values[row] as number;
  if (!Number.isNaN(value)) return Math.abs(value);
  const words = layout === 'i64' ? 2 : 4;
  let sum = data[row * words + words - 1] as number;
  for (let word = words - 2; word >= 0; word--)
    sum = sum * two32 + ((data[row * words + word] as number) >>> 0);
  return Math.abs(sum) * (1 + 2 ** -48);
}
