import { reserveHeap, startOf } from '../../../rows/column-batch.js';
import { bind, type CellCodeFactory } from '../cell-code.js';
import { sizedCode } from './sized.js';
import { vectorOf } from './vectors.js';

/** Of the text `00112233-4455-…`: which wire byte each pair of digits shows; its first three groups are little-endian. */
const order = [3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15];
const width = 36;
const dash = 45;
const hexDigits = Buffer.from('0123456789abcdef', 'latin1');

/** uniqueidentifier: 16 bytes (MS-TDS 2.2.5.5.1.9 calls it GUID). */
export const uniqueidentifierCode: CellCodeFactory = (column, vector, options) => {
  const target = vectorOf(vector, 'var');
  const write = (bytes: Buffer, at: number, row: number): void => {
    let place = startOf(target, row);
    reserveHeap(target, place + width);
    const { heap } = target;
    for (const from of order) {
      if (from < 0) {
        heap[place] = dash;
        place += 1;
        continue;
      }
      const byte = bytes[at + from] as number;
      heap[place] = hexDigits[byte >> 4] as number;
      heap[place + 1] = hexDigits[byte & 15] as number;
      place += 2;
    }
    target.ends[row] = place;
  };
  const form = { size: 16, fixed: false };
  return sizedCode(bind(column, vector, options, { write }), form, 'write(bytes, at, row);');
};
