import { reserveHeap, type VarVector } from '../../../rows/column-batch.js';

/** From this length on it is cheaper to ask Node whether all is ASCII, and to have it copied. */
export const shortAscii = 64;

/**
 * Copies fewer than `shortAscii` bytes to `start` of the heap, most text of most tables, and returns the offset behind
 * them; -1 as soon as one is not ASCII.
 */
export function copyAscii(vector: VarVector, start: number, bytes: Buffer, from: number, to: number): number {
  if (start + shortAscii > vector.heap.length) reserveHeap(vector, start + shortAscii);
  const { heap } = vector;
  let at = start;
  for (let next = from; next < to; next++) {
    const byte = bytes[next] as number;
    if (byte >= 0x80) return -1;
    heap[at++] = byte;
  }
  return at;
}
