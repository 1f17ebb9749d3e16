import type { ColumnVector } from '../../../rows/column-batch.js';
import {
  type CellDecoder,
  type CellOptions,
  type WireColumn,
  wireTypes,
  writeNull,
} from '../cell-decoder.js';
import { binaryWriter } from './binary-writer.js';
import { textWriter } from './char-writer.js';
import { tooLong } from './value-length.js';
import { vectorOf } from './vectors.js';

const timestampBytes = 8;
const lengthBytes = 4;

/**
 * text, ntext and image (MS-TDS 2.2.7.19): a text pointer behind its length, of which 0 says NULL; a timestamp; the
 * value's length in four bytes.
 */
export function legacyDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const target = vectorOf(vector, 'var');
  const write =
    column.typeId === wireTypes.image ? binaryWriter(target) : textWriter(column, target, options);
  return (bytes, at, end, row) => {
    if (at + 1 > end) return -1;
    const pointerBytes = bytes[at] as number;
    if (pointerBytes === 0) {
      writeNull(vector, row);
      return at + 1;
    }
    const from = at + 1 + pointerBytes + timestampBytes + lengthBytes;
    if (from > end) return at - from;
    const length = bytes.readUInt32LE(from - lengthBytes);
    if (length > options.maxValueBytes) throw tooLong(column, options, row);
    const to = from + length;
    if (to > end) return at - to;
    write(bytes, from, to, row);
    return to;
  };
}
