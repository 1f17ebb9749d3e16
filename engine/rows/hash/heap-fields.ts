import type { VarVector } from '../column-batch.js';
import * as digits from './digits.js';
import type { FieldWriter } from './field.js';
import * as field from './field.js';

// Under tsx each use of an imported name calls a getter, which takes a third of these loops: so names of our own.
const { putWhole } = digits;
const { putNull, semicolon } = field;

const colon = 58;
/** Up to here a loop is faster than a call into native code. */
const shortBytes = 48;

/** What rests as text of a known form: as it is. */
export const writePlainText: FieldWriter = (column, from, to, bytes, at) => {
  const { nulls, ends, heap } = column as VarVector;
  let start = from === 0 ? 0 : (ends[from - 1] as number);
  for (let row = from; row < to; row++) {
    const end = ends[row] as number;
    let place = at[row] as number;
    if (nulls[row] === 1) place = putNull(bytes, place);
    else {
      place = putBytes(bytes, place, heap, start, end);
      bytes[place++] = semicolon;
    }
    at[row] = place;
    start = end;
  }
};

/** Text of any form, its length in bytes before it. */
export const writeText: FieldWriter = (column, from, to, bytes, at) => {
  const { nulls, ends, heap } = column as VarVector;
  let start = from === 0 ? 0 : (ends[from - 1] as number);
  for (let row = from; row < to; row++) {
    const end = ends[row] as number;
    let place = at[row] as number;
    if (nulls[row] === 1) place = putNull(bytes, place);
    else {
      place = putWhole(bytes, place, end - start);
      bytes[place++] = colon;
      place = putBytes(bytes, place, heap, start, end);
      bytes[place++] = semicolon;
    }
    at[row] = place;
    start = end;
  }
};

/** Bytes in hex, their number before them. */
export const writeHex: FieldWriter = (column, from, to, bytes, at) => {
  const { nulls, ends, heap } = column as VarVector;
  let start = from === 0 ? 0 : (ends[from - 1] as number);
  for (let row = from; row < to; row++) {
    const end = ends[row] as number;
    let place = at[row] as number;
    if (nulls[row] === 1) place = putNull(bytes, place);
    else {
      place = putWhole(bytes, place, end - start);
      bytes[place++] = colon;
      for (let index = start; index < end; index++) {
        const byte = heap[index] as number;
        bytes[place++] = hexDigits[byte >> 4] as number;
        bytes[place++] = hexDigits[byte & 15] as number;
      }
      bytes[place++] = semicolon;
    }
    at[row] = place;
    start = end;
  }
};

const hexDigits = Buffer.from('0123456789abcdef');

function putBytes(bytes: Uint8Array, at: number, heap: Buffer, start: number, end: number): number {
  if (end - start > shortBytes) heap.copy(bytes, at, start, end);
  else for (let index = start; index < end; index++) bytes[at + index - start] = heap[index] as number;
  return at + end - start;
}
