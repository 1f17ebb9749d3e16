import type { ColumnVector } from '../../../rows/column-batch.js';
import {
  type CellDecoder,
  type CellOptions,
  malformed,
  type WireColumn,
  writeNull,
} from '../cell-decoder.js';
import { tooLong } from './value-length.js';
import type { ValueWriter } from './value-writer.js';

/** Both halves of PLP_NULL; UNKNOWN_PLP_LEN is one less. */
const allOnes = 0xffff_ffff;
const lengthBytes = 8;
const chunkLengthBytes = 4;

/**
 * Partially length-prefixed values (MS-TDS 2.2.5.2.3): a total length or that it is unknown, then chunks up to an empty
 * one. They are joined before they are written, as a chunk may end inside a character.
 */
export function plpDecoder(
  column: WireColumn,
  vector: ColumnVector,
  options: CellOptions,
  write: ValueWriter,
): CellDecoder {
  const { maxValueBytes } = options;
  return (bytes, at, end, row) => {
    const first = at + lengthBytes;
    if (first > end) return -lengthBytes;
    const low = bytes.readUInt32LE(at);
    const high = bytes.readUInt32LE(at + 4);
    if (high === allOnes && low === allOnes) {
      writeNull(vector, row);
      return first;
    }
    const isKnown = high !== allOnes || low !== allOnes - 1;
    const known = isKnown ? high * 2 ** 32 + low : maxValueBytes;
    if (known > maxValueBytes) throw tooLong(column, options, row);

    let total = 0;
    let chunks = 0;
    let next = first;
    for (;;) {
      const from = next + chunkLengthBytes;
      const length = from > end ? 0 : bytes.readUInt32LE(next);
      next = from + length;
      if (from <= end && length === 0) break;
      total += length;
      chunks += 1;
      if (total > known && isKnown)
        throw malformed(column, options, from, `chunks of more than the ${known} bytes announced`);
      // The lengths of chunks count too: they have to be buffered like the rest.
      if (next - first - chunkLengthBytes > maxValueBytes) throw tooLong(column, options, row);
      if (next > end)
        return at - (isKnown && known > 0 ? Math.max(next, first + known + 2 * chunkLengthBytes) : next);
    }
    if (isKnown && total !== known)
      throw malformed(column, options, at, `chunks of ${total} bytes, where ${known} were announced`);

    if (chunks === 1) write(bytes, first + chunkLengthBytes, first + chunkLengthBytes + total, row);
    else write(joined(bytes, first, total), 0, total, row);
    return next;
  };
}

function joined(bytes: Buffer, first: number, total: number): Buffer {
  const whole = Buffer.allocUnsafe(total);
  let next = first;
  for (let at = 0; at < total; ) {
    const length = bytes.readUInt32LE(next);
    const from = next + chunkLengthBytes;
    bytes.copy(whole, at, from, from + length);
    at += length;
    next = from + length;
  }
  return whole;
}
