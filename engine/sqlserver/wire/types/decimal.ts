import { bind, type CellCodeFactory, nullStatements, wordCode } from '../cell-code.js';
import { vectorOf } from './vectors.js';

/**
 * decimal and numeric: a length byte (0 for NULL; 5, 9, 13 or 17, whatever the type's own length), a sign (1 for
 * positive), the magnitude of the unscaled value in little-endian words (MS-TDS 2.2.5.5.1.6).
 */
export const decimalCode: CellCodeFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'i16', 'i32', 'i64', 'i128');
  const bound = bind(column, vector, options, { data: target.data });
  const words = { i16: 1, i32: 1, i64: 2, i128: 4 }[target.layout];
  return {
    bound,
    statements: (incomplete) => `
      if (at >= end) ${incomplete('1')}
      const length = bytes[at];
      if (length === 0) {
        ${nullStatements(bound)}
        at += 1;
      } else {
        if (length !== 5 && length !== 9 && length !== 13 && length !== 17)
          throw fail(at, 'a decimal of ' + length + ' bytes');
        if (end - at <= length) ${incomplete('length + 1')}
        if (bytes[at + 1] > 1) throw fail(at + 1, 'a decimal with the sign ' + bytes[at + 1]);
        const word0 = ${wordCode(2)};
        const word1 = length > 5 ? ${wordCode(6)} : 0;
        const word2 = length > 9 ? ${wordCode(10)} : 0;
        const word3 = length > 13 ? ${wordCode(14)} : 0;
        if (!(${lessThan(10n ** BigInt(column.precision))}))
          throw fail(at, 'a decimal of more than ${column.precision} digits');
        ${store(words)}
        at += 1 + length;
      }`,
  };
};

/** Expression: whether the words are less than `limit`. The highest ones that differ decide; all are unsigned. */
function lessThan(limit: bigint): string {
  const expression = (at: number): string => {
    const word = Number(BigInt.asUintN(32, limit >> BigInt(32 * at)));
    const less = `(word${at} >>> 0) < ${word}`;
    return at === 0 ? less : `${less} || ((word${at} >>> 0) === ${word} && (${expression(at - 1)}))`;
  };
  return expression(3);
}

/**
 * Statements that write the value in 1, 2 or 4 words. The two's complement of a magnitude: all bits turned, and one
 * added, whose carry goes on while words are zero.
 */
function store(words: number): string {
  if (words === 1) return 'data[row] = bytes[at + 1] === 1 ? word0 : -word0;';
  const low = `
        const turn = bytes[at + 1] - 1;
        const carry1 = turn & (word0 === 0 ? 1 : 0);
        data[${words} * row] = (word0 ^ turn) - turn;
        data[${words} * row + 1] = (word1 ^ turn) + carry1;`;
  if (words === 2) return low;
  return `${low}
        const carry2 = carry1 & (word1 === 0 ? 1 : 0);
        const carry3 = carry2 & (word2 === 0 ? 1 : 0);
        data[4 * row + 2] = (word2 ^ turn) + carry2;
        data[4 * row + 3] = (word3 ^ turn) + carry3;`;
}
