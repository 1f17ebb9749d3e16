import { bind, type CellCodeFactory, unsignedCode, wordCode } from '../cell-code.js';
import { wireTypes } from '../cell-decoder.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** Bits and integers are little-endian; only tinyint is unsigned (MS-TDS 2.2.5.5.1.2). */
export const bitCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'u8');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 1, fixed: column.typeId === wireTypes.bit },
    "if (bytes[at] > 1) throw fail(at, 'a bit of ' + bytes[at]); data[row] = bytes[at];",
  );
};

export const tinyintCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'u8');
  const form = { size: 1, fixed: column.typeId === wireTypes.tinyint };
  return sizedCode(bind(column, vector, options, { data }), form, 'data[row] = bytes[at];');
};

export const smallintCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i16');
  const form = { size: 2, fixed: column.typeId === wireTypes.smallint };
  // The vector's own 16 bits make the sign.
  return sizedCode(bind(column, vector, options, { data }), form, `data[row] = ${unsignedCode(0, 2)};`);
};

export const intCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i32');
  const form = { size: 4, fixed: column.typeId === wireTypes.int };
  return sizedCode(bind(column, vector, options, { data }), form, `data[row] = ${wordCode(0)};`);
};

export const bigintCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 8, fixed: column.typeId === wireTypes.bigint },
    `data[2 * row] = ${wordCode(0)}; data[2 * row + 1] = ${wordCode(4)};`,
  );
};
