import type { ColumnVector } from '../../../rows/column-batch.js';
import {
  type CellDecoder,
  type CellOptions,
  malformed,
  type WireColumn,
  writeNull,
} from '../cell-decoder.js';

/** Writes the value whose bytes begin at `at`, and are all there, at `row`. */
export type WriteValue = (bytes: Buffer, at: number, row: number) => void;

/**
 * Decoder of a type whose values have one size: bare in its fixed form; behind a length byte, 0 for NULL, in its
 * nullable form (MS-TDS 2.2.5.4.1, 2.2.5.4.2).
 */
export function sizedDecoder(
  column: WireColumn,
  vector: ColumnVector,
  options: CellOptions,
  form: { readonly size: number; readonly fixed: boolean },
  write: WriteValue,
): CellDecoder {
  const { size, fixed } = form;
  if (fixed) {
    return (bytes, at, end, row) => {
      if (end - at < size) return -size;
      write(bytes, at, row);
      return at + size;
    };
  }
  return (bytes, at, end, row) => {
    if (at >= end) return -1;
    const length = bytes[at] as number;
    if (length === 0) {
      writeNull(vector, row);
      return at + 1;
    }
    if (length !== size)
      throw malformed(column, options, at, `a value of ${length} bytes instead of ${size}`);
    if (end - at <= size) return -(size + 1);
    write(bytes, at + 1, row);
    return at + 1 + size;
  };
}
