import { bind, type CellCodeFactory, wordCode } from '../cell-code.js';
import { wireTypes } from '../cell-decoder.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** real and float: IEEE 754 bits, little-endian (MS-TDS 2.2.5.5.1.3), moved as words so that each bit stays. */
export const realCode: CellCodeFactory = (column, vector, options) => {
  const data = wordsBeneath(vectorOf(vector, 'f32').data);
  const form = { size: 4, fixed: column.typeId === wireTypes.real };
  return sizedCode(bind(column, vector, options, { data }), form, `data[row] = ${wordCode(0)};`);
};

export const floatCode: CellCodeFactory = (column, vector, options) => {
  const data = wordsBeneath(vectorOf(vector, 'f64').data);
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 8, fixed: column.typeId === wireTypes.float },
    `data[2 * row] = ${wordCode(0)}; data[2 * row + 1] = ${wordCode(4)};`,
  );
};

function wordsBeneath({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}
