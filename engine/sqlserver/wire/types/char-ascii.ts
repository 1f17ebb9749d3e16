import { reserveHeap, type VarVector } from '../../../rows/column-batch.js';
import * as words from '../words.js';

// Under tsx each use of an imported name calls a getter: so a name of our own.
const { viewOf } = words;

/** Of each byte of a word that is not ASCII. */
const highBits = 0x80808080 | 0;
/** From this length on it is cheaper to ask Node whether all is ASCII, and to have it copied. */
export const shortAscii = 64;

/** Copies ASCII texts of fewer than `shortAscii` bytes, most text of most tables, into a column's heap. */
export class AsciiCopy {
  readonly #vector: VarVector;
  #heap: Buffer = Buffer.alloc(0);
  #words = new DataView(this.#heap.buffer, 0, 0);

  constructor(vector: VarVector) {
    this.#vector = vector;
  }

  /** To `start` of the heap; returns the offset behind them, or -1 where one is not ASCII. */
  run(start: number, bytes: Buffer, from: number, to: number): number {
    const vector = this.#vector;
    if (start + shortAscii > vector.heap.length) reserveHeap(vector, start + shortAscii);
    const { heap } = vector;
    if (heap !== this.#heap) {
      this.#heap = heap;
      this.#words = new DataView(heap.buffer, heap.byteOffset, heap.length);
    }
    const source = viewOf(bytes);
    const target = this.#words;
    let at = start;
    let next = from;
    for (; next + 4 <= to; next += 4, at += 4) {
      const word = source.getInt32(next, true);
      if ((word & highBits) !== 0) return -1;
      target.setInt32(at, word, true);
    }
    for (; next < to; next++) {
      const byte = bytes[next] as number;
      if (byte >= 0x80) return -1;
      heap[at++] = byte;
    }
    return at;
  }
}
