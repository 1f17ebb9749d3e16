import { reserveHeap, startOf, type VarVector } from '../../../rows/column-batch.js';
import type { ValueWriter } from './value-writer.js';

/** From this length on a native copy is cheaper than a loop. */
const nativeFrom = 48;

/** Values as they are. */
export function binaryWriter(vector: VarVector): ValueWriter {
  return (bytes, from, to, row) => {
    const start = startOf(vector, row);
    vector.ends[row] = copyInto(vector, start, bytes, from, to);
  };
}

/** Copies `bytes[from..to)` to `at` of the heap, which grows as needed, and returns the offset behind it. */
export function copyInto(vector: VarVector, at: number, bytes: Buffer, from: number, to: number): number {
  const end = at + to - from;
  if (end > vector.heap.length) reserveHeap(vector, end);
  const { heap } = vector;
  if (to - from >= nativeFrom) bytes.copy(heap, at, from, to);
  else for (let source = from, target = at; source < to; ) heap[target++] = bytes[source++] as number;
  return end;
}
