import { isUtf8 } from 'node:buffer';
import { reserveHeap, startOf, type VarVector } from '../../../rows/column-batch.js';
import type { CellOptions, WireColumn } from '../cell-decoder.js';
import { copyInto } from './binary-writer.js';
import { AsciiCopy, shortAscii } from './char-ascii.js';
import { invalidText } from './char-invalid.js';
import type { ValueWriter } from './value-writer.js';

/** UTF-8 as it is, once it is known to be: a cast from binary can put any bytes into a column of a UTF-8 collation. */
export function utf8Writer(column: WireColumn, vector: VarVector, options: CellOptions): ValueWriter {
  const ascii = new AsciiCopy(vector);
  const invalid = invalidText(column, options, 'bytes are not valid UTF-8');
  return (bytes, from, to, row) => {
    const start = startOf(vector, row);
    const end = to - from < shortAscii ? ascii.run(start, bytes, from, to) : -1;
    if (end >= 0) {
      vector.ends[row] = end;
    } else if (isUtf8(bytes.subarray(from, to))) {
      vector.ends[row] = copyInto(vector, start, bytes, from, to);
    } else {
      invalid(row);
      vector.ends[row] = replaceInvalid(vector, start, bytes.subarray(from, to));
    }
  };
}

function replaceInvalid(vector: VarVector, start: number, bytes: Buffer): number {
  const replaced = Buffer.from(bytes.toString('utf8'), 'utf8');
  reserveHeap(vector, start + replaced.length);
  return start + replaced.copy(vector.heap, start);
}
