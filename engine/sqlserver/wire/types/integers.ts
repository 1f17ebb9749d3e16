import { type CellDecoderFactory, malformed, wireTypes } from '../cell-decoder.js';
import { sizedDecoder } from './sized.js';
import { vectorOf } from './vectors.js';

/** Bits and integers are little-endian; only tinyint is unsigned (MS-TDS 2.2.5.5.1.2). */
export const bitDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'u8');
  const form = { size: 1, fixed: column.typeId === wireTypes.bit };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const value = bytes[at] as number;
    if (value > 1) throw malformed(column, options, at, `a bit of ${value}`);
    data[row] = value;
  });
};

export const tinyintDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'u8');
  const form = { size: 1, fixed: column.typeId === wireTypes.tinyint };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    data[row] = bytes[at] as number;
  });
};

export const smallintDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i16');
  const form = { size: 2, fixed: column.typeId === wireTypes.smallint };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    data[row] = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  });
};

export const intDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i32');
  const form = { size: 4, fixed: column.typeId === wireTypes.int };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    data[row] = wordAt(bytes, at);
  });
};

export const bigintDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  const form = { size: 8, fixed: column.typeId === wireTypes.bigint };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    data[2 * row] = wordAt(bytes, at);
    data[2 * row + 1] = wordAt(bytes, at + 4);
  });
};

/** The signed 32-bit word at `at`; cheaper than Buffer's method, which checks its argument. */
export function wordAt(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
