import type { ColumnVector } from '../../../rows/column-batch.js';
import {
  type CellDecoder,
  type CellOptions,
  malformed,
  type WireColumn,
  writeNull,
} from '../cell-decoder.js';
import type { ValueWriter } from './value-writer.js';

/** CHARBIN_NULL (MS-TDS 2.2.5.4.3). */
const nullLength = 0xffff;

/** Values behind a length of two bytes (USHORTLEN): char and binary types that are not `max`. */
export function shortValueDecoder(
  column: WireColumn,
  vector: ColumnVector,
  options: CellOptions,
  write: ValueWriter,
): CellDecoder {
  const most = Math.min(column.length, options.maxValueBytes);
  return (bytes, at, end, row) => {
    const from = at + 2;
    if (from > end) return -2;
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    if (length === nullLength) {
      writeNull(vector, row);
      return from;
    }
    if (length > most)
      throw malformed(column, options, at, `a value of ${length} bytes, where ${most} is the most`);
    const to = from + length;
    if (to > end) return -(2 + length);
    write(bytes, from, to, row);
    return to;
  };
}
