import { bind, type CellCodeFactory, wordCode } from '../cell-code.js';
import { wireTypes } from '../cell-decoder.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** money: ten-thousandths in 8 bytes, the high word first (MS-TDS 2.2.5.5.1.4). Every value is a decimal(19,4). */
export const moneyCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i128');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 8, fixed: column.typeId === wireTypes.money },
    `const high = ${wordCode(0)};
    data[4 * row] = ${wordCode(4)};
    data[4 * row + 1] = high;
    data[4 * row + 2] = high >> 31;
    data[4 * row + 3] = high >> 31;`,
  );
};

/** smallmoney: ten-thousandths in 4 bytes. Every value is a decimal(10,4). */
export const smallmoneyCode: CellCodeFactory = (column, vector, options) => {
  const { data } = vectorOf(vector, 'i64');
  return sizedCode(
    bind(column, vector, options, { data }),
    { size: 4, fixed: column.typeId === wireTypes.smallmoney },
    `const word = ${wordCode(0)}; data[2 * row] = word; data[2 * row + 1] = word >> 31;`,
  );
};
