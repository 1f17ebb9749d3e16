import { type CellDecoderFactory, wireTypes } from '../cell-decoder.js';
import { wordAt } from './integers.js';
import { sizedDecoder } from './sized.js';
import { vectorOf } from './vectors.js';

/** money: ten-thousandths in 8 bytes, the high word first (MS-TDS 2.2.5.5.1.4). Every value is a decimal(19,4). */
export const moneyDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i128');
  const form = { size: 8, fixed: column.typeId === wireTypes.money };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const high = wordAt(bytes, at);
    data[4 * row] = wordAt(bytes, at + 4);
    data[4 * row + 1] = high;
    data[4 * row + 2] = high >> 31;
    data[4 * row + 3] = high >> 31;
  });
};

/** smallmoney: ten-thousandths in 4 bytes. Every value is a decimal(10,4). */
export const smallmoneyDecoder: CellDecoderFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  const form = { size: 4, fixed: column.typeId === wireTypes.smallmoney };
  return sizedDecoder(column, vector, options, form, (bytes, at, row) => {
    const word = wordAt(bytes, at);
    data[2 * row] = word;
    data[2 * row + 1] = word >> 31;
  });
};
