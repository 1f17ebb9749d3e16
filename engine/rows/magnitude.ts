import type { ColumnVector } from './column-batch.js';

/** An unsigned number of 128 bits in 32-bit words, the lowest first: a decimal without its sign. */
export type Magnitude = Uint32Array;

const two32 = 2 ** 32;

export function createMagnitude(): Magnitude {
  return new Uint32Array(4);
}

export function isZero(value: Magnitude): boolean {
  return value[0] === 0 && value[1] === 0 && value[2] === 0 && value[3] === 0;
}

/** Reads an integer or an unscaled decimal, its sign apart; true where it is negative. */
export function loadMagnitude(into: Magnitude, vector: ColumnVector, row: number): boolean {
  into.fill(0);
  switch (vector.layout) {
    case 'i64':
    case 'i128': {
      const words = vector.layout === 'i64' ? 2 : 4;
      for (let word = 0; word < words; word++) into[word] = vector.data[row * words + word] as number;
      if ((vector.data[row * words + words - 1] as number) >= 0) return false;
      negate(into, words);
      return true;
    }
    case 'u8':
    case 'i16':
    case 'i32': {
      const value = vector.data[row] as number;
      into[0] = Math.abs(value);
      return value < 0;
    }
    default:
      throw new TypeError(`A vector of ${vector.layout} holds no integers`);
  }
}

/** Writes the number with its sign into `words` words of `data`, from `at` on. */
export function storeMagnitude(
  from: Magnitude,
  negative: boolean,
  data: Int32Array,
  at: number,
  words: number,
): void {
  if (negative) negate(from, words);
  for (let word = 0; word < words; word++) data[at + word] = from[word] as number;
}

/** `value` becomes its quotient, the remainder is returned. `divisor` is at most a million, so that doubles are exact. */
export function divide(value: Magnitude, divisor: number): number {
  let remainder = 0;
  for (let word = 3; word >= 0; word--) {
    const dividend = remainder * two32 + (value[word] as number);
    const quotient = Math.floor(dividend / divisor);
    value[word] = quotient;
    remainder = dividend - quotient * divisor;
  }
  return remainder;
}

/** Multiplies in place; what does not fit is lost. `factor` is at most a million, so that doubles are exact. */
export function multiply(value: Magnitude, factor: number): void {
  let carry = 0;
  for (let word = 0; word < 4; word++) {
    const product = (value[word] as number) * factor + carry;
    carry = Math.floor(product / two32);
    value[word] = product;
  }
}

/** Two's complement. */
function negate(value: Magnitude, words: number): void {
  let carry = 1;
  for (let word = 0; word < words; word++) {
    const flipped = (~(value[word] as number) >>> 0) + carry;
    value[word] = flipped;
    carry = flipped === two32 ? 1 : 0;
  }
}
