import { isAscii } from 'node:buffer';
import type { VarVector } from '../../../rows/column-batch.js';
import * as columnBatch from '../../../rows/column-batch.js';
import type { CellOptions, WireColumn } from '../cell-decoder.js';
import type { CodePage, CodePageTable } from '../code-pages.js';
import * as codePages from '../code-pages.js';
import { copyInto } from './binary-writer.js';
import * as charAscii from './char-ascii.js';
import { invalidText, putReplacement } from './char-invalid.js';
import { tooLong } from './value-length.js';
import { pieceBytes, type ValueWriter } from './value-writer.js';

// Under tsx each use of an imported name calls a getter, which takes a third of the decoding: so names of our own.
const { reserveHeap, startOf } = columnBatch;
const { codePageTable, leadByte } = codePages;
const { AsciiCopy, shortAscii } = charAscii;

/** A single- or double-byte code page to UTF-8. */
export function codePageWriter(
  column: WireColumn,
  vector: VarVector,
  options: CellOptions,
  codePage: CodePage,
): ValueWriter {
  const { maxValueBytes } = options;
  const invalid = invalidText(column, options, `bytes have no character in code page ${codePage.slice(2)}`);
  const ascii = new AsciiCopy(vector);
  const conversion = new Conversion(vector, codePageTable(codePage), maxValueBytes);
  return (bytes, from, to, row) => {
    const start = startOf(vector, row);
    if (to - from < shortAscii) {
      const end = ascii.run(start, bytes, from, to);
      if (end >= 0) {
        vector.ends[row] = end;
        return;
      }
    } else if (isAscii(bytes.subarray(from, to))) {
      vector.ends[row] = copyInto(vector, start, bytes, from, to);
      return;
    }
    const end = conversion.run(start, bytes, from, to);
    if (end - start > maxValueBytes) throw tooLong(column, options, row);
    if (conversion.replaced) invalid(row);
    vector.ends[row] = end;
  };
}

class Conversion {
  /** Whether the last run met bytes without a character. */
  replaced = false;
  readonly #vector: VarVector;
  readonly #table: CodePageTable;
  readonly #maxBytes: number;

  constructor(vector: VarVector, table: CodePageTable, maxBytes: number) {
    this.#vector = vector;
    this.#table = table;
    this.#maxBytes = maxBytes;
  }

  /** Converts `bytes[from..to)` to `at` of the heap and returns the offset behind it; stops beyond `maxBytes`. */
  run(at: number, bytes: Buffer, from: number, to: number): number {
    const { singles } = this.#table;
    let next = from;
    let end = at;
    this.replaced = false;
    while (next < to && end - at <= this.#maxBytes) {
      const stop = Math.min(next + pieceBytes, to);
      reserveHeap(this.#vector, end + (stop - next) * 3);
      const { heap } = this.#vector;
      while (next < stop) {
        const byte = bytes[next++] as number;
        if (byte < 0x80) {
          heap[end++] = byte;
          continue;
        }
        let character = singles[byte] as number;
        if (character === leadByte) {
          character = next < to ? this.#pair(byte, bytes[next] as number) : 0;
          if (character !== 0) next++;
        }
        end = character === 0 ? this.#replace(heap, end) : put(heap, end, character);
      }
    }
    return end;
  }

  #pair(first: number, second: number): number {
    return this.#table.pairs[(first << 8) | second] as number;
  }

  #replace(heap: Buffer, at: number): number {
    this.replaced = true;
    return putReplacement(heap, at);
  }
}

/** Writes the bytes of packed UTF-8 (two or three) and returns the offset behind them. */
function put(heap: Buffer, at: number, character: number): number {
  const first = character & 0xff;
  heap[at] = first;
  heap[at + 1] = (character >>> 8) & 0xff;
  if (first < 0xe0) return at + 2;
  heap[at + 2] = character >>> 16;
  return at + 3;
}
