import { createVector, reserveHeap, startOf, type VarVector } from '../column-batch.js';
import type { Policy } from '../fits.js';
import type { Conversion, Findings } from './conversion.js';

const replacement = Buffer.from('\ufffd');

/** Text that PostgreSQL can hold: without U+0000, and of at most `maxLength` characters (code points, as it counts). */
export function textConversion(maxLength: number | undefined, policy: Policy): Conversion {
  return (vector, rows, findings) => {
    const source = vector as VarVector;
    const edits = new Map<number, Buffer>();
    for (const row of rowsWithNul(source, rows))
      if (policy === 'replace') edits.set(row, withoutNul(bytesOf(source, row)));
      else findings.poison(row, 'NUL_CHARACTER', 'the text holds the character U+0000');
    if (maxLength !== undefined)
      for (const row of longRows(source, rows, maxLength))
        if (policy === 'truncate') edits.set(row, firstCharacters(bytesOf(source, row), maxLength));
        else findings.poison(row, 'TOO_LONG', `the text has more than ${maxLength} characters`);
    for (const row of edits.keys()) findings.changed(row);
    return edits.size === 0 ? vector : rewrite(source, rows, edits);
  };
}

/** Identifiers in lower case, which are the only ones that hash as what PostgreSQL shows. */
export const uuidConversion: Conversion = (vector, rows, findings) => {
  const { heap, ends, nulls } = vector as VarVector;
  let start = 0;
  for (let row = 0; row < rows; row++) {
    const end = ends[row] as number;
    if (nulls[row] === 0 && !isUuid(heap, start, end)) noUuid(findings, row);
    start = end;
  }
  return vector;
};

function noUuid(findings: Findings, row: number): void {
  findings.poison(row, 'NO_UUID', 'the text is no uuid in lower case with hyphens');
}

function isUuid(heap: Buffer, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  for (let place = 0; place < 36; place++) {
    const code = heap[start + place] as number;
    const hyphen = place === 8 || place === 13 || place === 18 || place === 23;
    const digit = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (hyphen ? code !== 0x2d : !digit) return false;
  }
  return true;
}

/** One search over the heap of all rows, as hardly any has one. */
function rowsWithNul(vector: VarVector, rows: number): readonly number[] {
  const found: number[] = [];
  const used = vector.heap.subarray(0, rows === 0 ? 0 : vector.ends[rows - 1]);
  let row = 0;
  for (let at = used.indexOf(0); at >= 0; at = used.indexOf(0, vector.ends[row])) {
    while ((vector.ends[row] as number) <= at) row++;
    found.push(row);
  }
  return found;
}

function longRows({ ends, heap }: VarVector, rows: number, maxLength: number): readonly number[] {
  const found: number[] = [];
  let start = 0;
  for (let row = 0; row < rows; row++) {
    const end = ends[row] as number;
    if (end - start > maxLength && endOfCharacters(heap, start, end, maxLength) < end) found.push(row);
    start = end;
  }
  return found;
}

/** Where the character behind the first `count` begins; `end` where there is none. */
function endOfCharacters(heap: Buffer, start: number, end: number, count: number): number {
  let characters = 0;
  for (let at = start; at < end; at++)
    if (((heap[at] as number) & 0xc0) !== 0x80 && characters++ === count) return at;
  return end;
}

function firstCharacters(bytes: Buffer, count: number): Buffer {
  return bytes.subarray(0, endOfCharacters(bytes, 0, bytes.length, count));
}

function withoutNul(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, from)) {
    parts.push(bytes.subarray(from, at), replacement);
    from = at + 1;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function bytesOf(vector: VarVector, row: number): Buffer {
  return vector.heap.subarray(startOf(vector, row), vector.ends[row]);
}

function rewrite(vector: VarVector, rows: number, edits: ReadonlyMap<number, Buffer>): VarVector {
  const own = createVector('var') as VarVector;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const bytes = edits.get(row) ?? bytesOf(vector, row);
    reserveHeap(own, at + bytes.length);
    bytes.copy(own.heap, at);
    at += bytes.length;
    own.ends[row] = at;
  }
  return { ...own, nulls: vector.nulls, nullCount: vector.nullCount };
}
