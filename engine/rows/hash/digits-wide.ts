import type { WordVector } from '../column-batch.js';
import { createMagnitude, divide, loadMagnitude } from '../magnitude.js';

const zero = 48;
const minus = 45;
const point = 46;
const groupDigits = 6;
/** Seven groups hold the 39 digits of 128 bits. */
const mostDigits = 7 * groupDigits;

const magnitude = createMagnitude();
const digits = new Uint8Array(mostDigits);

/** Writes a row's whole number of 64 or 128 bits as a decimal of this scale; returns the place behind. */
export function putWide(
  bytes: Uint8Array,
  at: number,
  vector: WordVector,
  row: number,
  scale: number,
): number {
  let place = at;
  if (loadMagnitude(magnitude, vector, row)) bytes[place++] = minus;
  for (let end = mostDigits; end > 0; end -= groupDigits) {
    let group = divide(magnitude, 10 ** groupDigits);
    for (let digit = end - 1; digit >= end - groupDigits; digit--) {
      const rest = Math.floor(group / 10);
      digits[digit] = zero + group - rest * 10;
      group = rest;
    }
  }
  let first = 0;
  while (first < mostDigits - scale - 1 && digits[first] === zero) first++;
  for (let digit = first; digit < mostDigits; digit++) {
    if (digit === mostDigits - scale) bytes[place++] = point;
    bytes[place++] = digits[digit] as number;
  }
  return place;
}
