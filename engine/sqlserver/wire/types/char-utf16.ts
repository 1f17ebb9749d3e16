import { reserveHeap, startOf, type VarVector } from '../../../rows/column-batch.js';
import { isWellFormed } from '../../../rows/well-formed.js';
import { type CellOptions, malformed, type WireColumn } from '../cell-decoder.js';
import { invalidText, putReplacement } from './char-invalid.js';
import { tooLong } from './value-length.js';
import { pieceBytes, type ValueWriter } from './value-writer.js';

/** From this many bytes on Node's own conversion is cheaper than a loop. */
const nativeFrom = 192;

/**
 * UTF-16LE to UTF-8.
 * @throws (the writer) WIRE_PROTOCOL for an odd number of bytes
 */
export function utf16Writer(column: WireColumn, vector: VarVector, options: CellOptions): ValueWriter {
  const invalid = invalidText(
    column,
    options,
    'half of a surrogate pair stands alone, which is no character',
  );
  return (bytes, from, to, row) => {
    const length = to - from;
    if ((length & 1) !== 0) throw malformed(column, options, from, `${length} bytes cannot be UTF-16`);
    const start = startOf(vector, row);
    const end =
      length < nativeFrom
        ? convertShort(vector, start, bytes, from, to)
        : convertLong(vector, start, bytes, from, to, options.maxValueBytes);
    if (end === beyondLimit) throw tooLong(column, options, row);
    if (end < 0) invalid(row);
    vector.ends[row] = Math.abs(end);
  };
}

/** What a conversion returns that would exceed the limit; else the offset behind the text, negated if it is not valid. */
const beyondLimit = Number.NEGATIVE_INFINITY;

function convertShort(vector: VarVector, start: number, bytes: Buffer, from: number, to: number): number {
  const most = start + ((to - from) >> 1) * 3;
  if (most > vector.heap.length) reserveHeap(vector, most);
  const { heap } = vector;
  let at = start;
  let replaced = false;
  for (let next = from; next < to; ) {
    const unit = (bytes[next] as number) | ((bytes[next + 1] as number) << 8);
    next += 2;
    if (unit < 0x80) {
      heap[at++] = unit;
    } else if (unit < 0x800) {
      heap[at++] = 0xc0 | (unit >> 6);
      heap[at++] = 0x80 | (unit & 0x3f);
    } else if ((unit & 0xf800) !== 0xd800) {
      heap[at++] = 0xe0 | (unit >> 12);
      heap[at++] = 0x80 | ((unit >> 6) & 0x3f);
      heap[at++] = 0x80 | (unit & 0x3f);
    } else {
      const low =
        next < to && unit < 0xdc00 ? (bytes[next] as number) | ((bytes[next + 1] as number) << 8) : 0;
      if ((low & 0xfc00) === 0xdc00) {
        next += 2;
        at = putPair(heap, at, unit, low);
      } else {
        replaced = true;
        at = putReplacement(heap, at);
      }
    }
  }
  return replaced ? -at : at;
}

function putPair(heap: Buffer, at: number, high: number, low: number): number {
  const codePoint = 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
  heap[at] = 0xf0 | (codePoint >> 18);
  heap[at + 1] = 0x80 | ((codePoint >> 12) & 0x3f);
  heap[at + 2] = 0x80 | ((codePoint >> 6) & 0x3f);
  heap[at + 3] = 0x80 | (codePoint & 0x3f);
  return at + 4;
}

/** Piece by piece, none of which ends inside a pair. */
function convertLong(
  vector: VarVector,
  start: number,
  bytes: Buffer,
  from: number,
  to: number,
  maxBytes: number,
): number {
  let at = start;
  let replaced = false;
  for (let next = from; next < to; ) {
    let stop = Math.min(next + pieceBytes, to);
    if (stop < to && ((bytes[stop - 1] as number) & 0xfc) === 0xd8) stop -= 2;
    const text = bytes.toString('utf16le', next, stop);
    // Node replaces them without a word.
    if (!isWellFormed(text)) replaced = true;
    reserveHeap(vector, at + text.length * 3);
    at += vector.heap.write(text, at, 'utf8');
    if (at - start > maxBytes) return beyondLimit;
    next = stop;
  }
  return replaced ? -at : at;
}
