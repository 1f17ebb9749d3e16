import type { ByteVector, ColumnVector, FloatVector, ShortVector, WordVector } from '../column-batch.js';
import * as digits from './digits.js';
import * as digitsWide from './digits-wide.js';
import type { FieldWriter } from './field.js';
import * as field from './field.js';

// Under tsx each use of an imported name calls a getter, which takes a third of these loops: so names of our own.
const { mostFractionDigits, putInteger, putNumber } = digits;
const { putWide } = digitsWide;
const { putNull, semicolon } = field;

const zero = 48;
const two32 = 2 ** 32;
/** A number of two words is exact as a double while its upper word is in this range. */
const safeHigh = 2 ** 21;

export const writeBools: FieldWriter = (column, from, to, bytes, at) => {
  const { nulls, data } = column as ByteVector;
  for (let row = from; row < to; row++) {
    let place = at[row] as number;
    if (nulls[row] === 1) place = putNull(bytes, place);
    else {
      bytes[place++] = zero + (data[row] as number);
      bytes[place++] = semicolon;
    }
    at[row] = place;
  }
};

/** Integers of at most 32 bits. */
export const writeIntegers: FieldWriter = (column, from, to, bytes, at) => {
  const { nulls, data } = column as ByteVector | ShortVector | WordVector;
  for (let row = from; row < to; row++) {
    let place = at[row] as number;
    if (nulls[row] === 1) place = putNull(bytes, place);
    else {
      place = putInteger(bytes, place, data[row] as number);
      bytes[place++] = semicolon;
    }
    at[row] = place;
  }
};

/** Unscaled decimals of at most 32 bits. */
export function narrowDecimals(scale: number): FieldWriter {
  return (column, from, to, bytes, at) => {
    const { nulls, data } = column as ShortVector | WordVector;
    for (let row = from; row < to; row++) {
      let place = at[row] as number;
      if (nulls[row] === 1) place = putNull(bytes, place);
      else {
        place = putNumber(bytes, place, data[row] as number, scale);
        bytes[place++] = semicolon;
      }
      at[row] = place;
    }
  };
}

/** Integers, or unscaled decimals, of 64 or 128 bits: as doubles where they are exact. */
export function wideNumbers(words: 2 | 4, scale: number): FieldWriter {
  const fitsDouble = scale <= mostFractionDigits;
  return (column, from, to, bytes, at) => {
    const vector = column as WordVector;
    const { nulls, data } = vector;
    for (let row = from; row < to; row++) {
      let place = at[row] as number;
      if (nulls[row] === 1) place = putNull(bytes, place);
      else {
        const word = row * words;
        const high = data[word + 1] as number;
        const sign = high >> 31;
        const narrow = words === 2 || (data[word + 2] === sign && data[word + 3] === sign);
        if (fitsDouble && narrow && high < safeHigh && high >= -safeHigh) {
          const value = high * two32 + ((data[word] as number) >>> 0);
          place = putNumber(bytes, place, value, scale);
        } else place = putWide(bytes, place, vector, row, scale);
        bytes[place++] = semicolon;
      }
      at[row] = place;
    }
  };
}

/** IEEE bits in hex, the highest first. */
export function floats(bits: 32 | 64): FieldWriter {
  const words = bits / 32;
  return (column: ColumnVector, from, to, bytes, at) => {
    const { nulls, data } = column as FloatVector;
    const view = new Uint32Array(data.buffer, data.byteOffset, data.length * words);
    for (let row = from; row < to; row++) {
      let place = at[row] as number;
      if (nulls[row] === 1) place = putNull(bytes, place);
      else {
        for (let word = words - 1; word >= 0; word--) {
          place = putHexWord(bytes, place, view[row * words + word] as number);
        }
        bytes[place++] = semicolon;
      }
      at[row] = place;
    }
  };
}

const hexDigits = Buffer.from('0123456789abcdef');

function putHexWord(bytes: Uint8Array, at: number, word: number): number {
  for (let digit = 0; digit < 8; digit++) {
    bytes[at + digit] = hexDigits[(word >>> (28 - 4 * digit)) & 15] as number;
  }
  return at + 8;
}
