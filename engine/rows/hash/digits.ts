/** Writers of decimal digits. Each takes the bytes to write into and a place there, and returns the place behind. */

const zero = 48;
const minus = 45;
const point = 46;
const billion = 1_000_000_000;

const tens = Uint8Array.from({ length: 100 }, (_, value) => zero + Math.floor(value / 10));
const ones = Uint8Array.from({ length: 100 }, (_, value) => zero + (value % 10));
const powersOfTen = Float64Array.from({ length: 19 }, (_, power) => 10 ** power);

/** The most fraction digits that `putNumber` writes. */
export const mostFractionDigits = 18;

/** `count` digits, zeros first; `value` is a whole number of at most `count` digits and below 2^31. */
export function putPadded(bytes: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  let place = at + count;
  while (place > at + 1) {
    const quotient = (rest / 100) | 0;
    const pair = rest - quotient * 100;
    place -= 2;
    bytes[place] = tens[pair] as number;
    bytes[place + 1] = ones[pair] as number;
    rest = quotient;
  }
  if (place > at) bytes[at] = zero + rest;
  return at + count;
}

/** A whole number from 0 up to 2^53. */
export function putWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value < billion) return putPadded(bytes, at, value, digitsOf(value | 0));
  const high = Math.floor(value / billion);
  return putPadded(bytes, putWhole(bytes, at, high), value - high * billion, 9);
}

/** An integer of 32 bits. Apart from `putNumber`, so that it is compiled without doubles. */
export function putInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value <= -billion || value >= billion) return putNumber(bytes, at, value, 0);
  if (value >= 0) return putPadded(bytes, at, value, digitsOf(value));
  bytes[at] = minus;
  return putPadded(bytes, at + 1, -value, digitsOf(-value));
}

/** `value` of the unit 10^-scale, all fraction digits written: at most 2^53 away from 0, scale up to 18. */
export function putNumber(bytes: Uint8Array, at: number, value: number, scale: number): number {
  let place = at;
  let magnitude = value;
  if (value < 0) {
    bytes[place++] = minus;
    magnitude = -value;
  }
  if (scale === 0) return putWhole(bytes, place, magnitude);
  const unit = powersOfTen[scale] as number;
  let whole = Math.floor(magnitude / unit);
  // The division may round up to the next whole number.
  if (whole * unit > magnitude) whole--;
  place = putWhole(bytes, place, whole);
  bytes[place++] = point;
  const fraction = magnitude - whole * unit;
  if (scale <= 9) return putPadded(bytes, place, fraction, scale);
  const high = Math.floor(fraction / billion);
  return putPadded(bytes, putPadded(bytes, place, high, scale - 9), fraction - high * billion, 9);
}

function digitsOf(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1_000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  return value < 100_000_000 ? (value < 10_000_000 ? 7 : 8) : 9;
}
