import { type CellDecoder, type CellDecoderFactory, malformed, writeNull } from '../cell-decoder.js';
import { wordAt } from './integers.js';
import { vectorOf } from './vectors.js';

/**
 * decimal and numeric: a length byte (0 for NULL; 5, 9, 13 or 17, whatever the type's own length), a sign (1 for
 * positive), the magnitude of the unscaled value in little-endian words (MS-TDS 2.2.5.5.1.6).
 */
export const decimalDecoder: CellDecoderFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'i16', 'i32', 'i64', 'i128');
  const { data } = target;
  const wordsPerRow = { i16: 1, i32: 1, i64: 2, i128: 4 }[target.layout];
  const [limit0, limit1, limit2, limit3] = words(10n ** BigInt(column.precision));

  const beyond = (at: number) =>
    malformed(column, options, at, `a value of more than ${column.precision} digits`);

  const decode: CellDecoder = (bytes, at, end, row) => {
    if (at >= end) return -1;
    const length = bytes[at] as number;
    if (length === 0) {
      writeNull(vector, row);
      return at + 1;
    }
    if (length !== 5 && length !== 9 && length !== 13 && length !== 17) {
      throw malformed(column, options, at, `a decimal of ${length} bytes`);
    }
    if (end - at <= length) return -(length + 1);
    const sign = bytes[at + 1] as number;
    if (sign > 1) throw malformed(column, options, at + 1, `a decimal's sign of ${sign}`);

    const first = at + 2;
    const word0 = wordAt(bytes, first);
    const word1 = length > 5 ? wordAt(bytes, first + 4) : 0;
    const word2 = length > 9 ? wordAt(bytes, first + 8) : 0;
    const word3 = length > 13 ? wordAt(bytes, first + 12) : 0;
    // The highest words that differ decide; `>>> 0` compares them unsigned.
    const fits =
      word3 !== limit3
        ? word3 >>> 0 < limit3 >>> 0
        : word2 !== limit2
          ? word2 >>> 0 < limit2 >>> 0
          : word1 !== limit1
            ? word1 >>> 0 < limit1 >>> 0
            : word0 >>> 0 < limit0 >>> 0;
    if (!fits) throw beyond(first);

    if (wordsPerRow === 1) {
      data[row] = sign === 1 ? word0 : -word0;
    } else {
      // Two's complement: all bits turned, and one more; the carry goes on while words are zero.
      const turn = sign - 1;
      const carry1 = turn & (word0 === 0 ? 1 : 0);
      const to = wordsPerRow * row;
      data[to] = (word0 ^ turn) - turn;
      data[to + 1] = (word1 ^ turn) + carry1;
      if (wordsPerRow === 4) {
        const carry2 = carry1 & (word1 === 0 ? 1 : 0);
        const carry3 = carry2 & (word2 === 0 ? 1 : 0);
        data[to + 2] = (word2 ^ turn) + carry2;
        data[to + 3] = (word3 ^ turn) + carry3;
      }
    }
    return at + 1 + length;
  };
  return decode;
};

function words(value: bigint): readonly [number, number, number, number] {
  const word = (at: number) => Number(BigInt.asIntN(32, value >> BigInt(32 * at)));
  return [word(0), word(1), word(2), word(3)];
}
