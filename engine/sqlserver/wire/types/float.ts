import { type CellDecoderFactory, wireTypes } from '../cell-decoder.js';
import { wordAt } from './integers.js';
import { sizedDecoder } from './sized.js';
import { vectorOf } from './vectors.js';

/** real and float: IEEE 754 bits, little-endian (MS-TDS 2.2.5.5.1.3), moved as words so that each bit stays. */
export const realDecoder: CellDecoderFactory = (column, vector, options) => {
  const words = wordsBeneath(vectorOf(vector, 'f32').data);
  const form = { size: 4, fixed: column.typeId === wireTypes.real };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    words[row] = wordAt(bytes, at);
  });
};

export const floatDecoder: CellDecoderFactory = (column, vector, options) => {
  const words = wordsBeneath(vectorOf(vector, 'f64').data);
  const form = { size: 8, fixed: column.typeId === wireTypes.float };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    words[2 * row] = wordAt(bytes, at);
    words[2 * row + 1] = wordAt(bytes, at + 4);
  });
};

function wordsBeneath({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}
