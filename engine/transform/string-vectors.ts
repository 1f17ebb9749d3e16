import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import { batchRows, reserveHeap, startOf, type VarVector } from '../rows/column-batch.js';

/**
 * A vector of strings holds one `duckdb_string_t` a row, four words of 32 bits: the length, then up to 12 bytes in
 * place, the rest zero; or the first four bytes and a pointer to all of them.
 * @see https://duckdb.org/docs/stable/clients/c/vector
 */
const entryWords = 4;
const entryBytes = 16;
const inlineBytes = 12;
const pointerAt = 8;
const two32 = 2 ** 32;

const entries = new Int32Array(batchRows * entryWords);

/**
 * Writes the first `count` rows of a column into a vector of text or bytes. Strings cost one call together, not one
 * each: all their bytes become one string of the vector, which tells where DuckDB has put them; then entries that
 * point into it take its place. False, with nothing to be used in the vector, where a text is not UTF-8.
 */
export function writeStrings(target: bindings.Vector, source: VarVector, count: number): boolean {
  const address = assignBytes(target, source.heap.subarray(0, source.ends[count - 1]));
  if (address === undefined) return false;
  fillEntries(source, count, address);
  bindings.copy_data_to_vector(target, 0, entries.buffer, 0, count * entryBytes);
  return true;
}

/** Makes all bytes the vector's first string, and tells their address; 0 where they are too few to have one. */
function assignBytes(target: bindings.Vector, bytes: Uint8Array): number | undefined {
  if (bytes.length === 0) return 0;
  bindings.vector_assign_string_element_len(target, 0, bytes);
  const data = bindings.vector_get_data(target, entryBytes);
  const entry = new DataView(data.buffer, data.byteOffset);
  // Where bytes are not UTF-8, DuckDB gives no error but an empty string.
  if (entry.getUint32(0, true) !== bytes.length) return undefined;
  return bytes.length <= inlineBytes ? 0 : Number(entry.getBigUint64(pointerAt, true));
}

/** `base` is the address that the heap's first byte would have. */
function fillEntries({ heap, ends }: VarVector, count: number, base: number): void {
  let start = 0;
  for (let row = 0; row < count; row += 1) {
    const end = ends[row] as number;
    const length = end - start;
    const at = row * entryWords;
    entries[at] = length;
    entries[at + 1] = wordAt(heap, start, length);
    if (length > inlineBytes) {
      const address = base + start;
      entries[at + 2] = (address % two32) | 0;
      entries[at + 3] = address / two32;
    } else {
      entries[at + 2] = wordAt(heap, start + 4, length - 4);
      entries[at + 3] = wordAt(heap, start + 8, length - 8);
    }
    start = end;
  }
}

/** Up to four bytes, the first one lowest; what is missing is zero, as DuckDB compares whole entries. */
function wordAt(heap: Uint8Array, at: number, length: number): number {
  if (length >= 4) {
    return (
      (heap[at] as number) |
      ((heap[at + 1] as number) << 8) |
      ((heap[at + 2] as number) << 16) |
      ((heap[at + 3] as number) << 24)
    );
  }
  let word = 0;
  for (let index = 0; index < length; index += 1) word |= (heap[at + index] as number) << (index * 8);
  return word;
}

/**
 * Reads the first `count` rows of a vector of text or bytes into `target`, whose NULLs are known.
 * Throws VALUE_UNREPRESENTABLE for more than 2 GB in one vector.
 */
export function readStrings(source: bindings.Vector, target: VarVector, count: number): void {
  const bytes = bindings.vector_get_data(source, count * entryBytes);
  const words = new Int32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count * entryWords);
  placeEnds(target, words, count);
  for (let row = 0; row < count; ) {
    const run = runFrom(words, row, count);
    copyRun(target, words, bytes, row, run);
    row = run.endRow;
  }
}

/** Takes the lengths over; the entry of a NULL may hold anything, and becomes an empty string here. */
function placeEnds(target: VarVector, words: Int32Array, count: number): void {
  const { ends, nulls } = target;
  let end = 0;
  for (let row = 0; row < count; row += 1) {
    if (nulls[row] === 1) words[row * entryWords] = 0;
    end += (words[row * entryWords] as number) >>> 0;
    ends[row] = end;
  }
  if (end > 0x7fff_ffff) {
    throw new MigrationError(
      'VALUE_UNREPRESENTABLE',
      `${count} values of one column hold ${end} bytes together, more than can be read at once. ` +
        'Lower storage.partRows in the category file and restart the window.',
    );
  }
  reserveHeap(target, end);
}

/** Rows up to `endRow`; those of their strings that are elsewhere lie in `length` bytes from `address` on. */
interface Run {
  readonly endRow: number;
  /** A row whose string begins at `address`, or -1 where all strings rest in their entries. */
  readonly firstFar: number;
  readonly address: number;
  readonly length: number;
}

const pageBytes = 4096;

/**
 * DuckDB mostly puts the strings of a vector one after another, and a call costs more than the bytes between two of
 * them. A run goes on while no page lies between two strings: a byte that shares its page with a string is readable.
 */
function runFrom(words: Int32Array, from: number, count: number): Run {
  let firstFar = -1;
  let address = 0;
  let end = 0;
  let row = from;
  for (; row < count; row += 1) {
    const length = (words[row * entryWords] as number) >>> 0;
    if (length <= inlineBytes) continue;
    const start = addressAt(words, row);
    if (firstFar < 0) {
      firstFar = row;
      address = start;
      end = start + length;
    } else {
      if (start < address || pageOf(start) > pageOf(end - 1) + 1) break;
      end = Math.max(end, start + length);
    }
  }
  return { endRow: row, firstFar, address, length: end - address };
}

function pageOf(address: number): number {
  return Math.floor(address / pageBytes);
}

/** A pointer has 48 bits at most, and so is exact as a double. */
function addressAt(words: Int32Array, row: number): number {
  const at = row * entryWords;
  return ((words[at + 3] as number) >>> 0) * two32 + ((words[at + 2] as number) >>> 0);
}

function copyRun(target: VarVector, words: Int32Array, inline: Uint8Array, from: number, run: Run): void {
  const { heap, ends } = target;
  const pointer = inline.byteOffset + run.firstFar * entryBytes + pointerAt;
  const far =
    run.firstFar < 0
      ? inline
      : bindings.get_data_from_pointer(inline.buffer as ArrayBuffer, pointer, run.length);
  let to = startOf(target, from);
  for (let row = from; row < run.endRow; row += 1) {
    const end = ends[row] as number;
    if (end - to <= inlineBytes) copyBytes(inline, row * entryBytes + 4, heap, to, end);
    else copyBytes(far, addressAt(words, row) - run.address, heap, to, end);
    to = end;
  }
}

/** A call that copies costs as much as about this many bytes one by one. */
const fewBytes = 48;

function copyBytes(source: Uint8Array, at: number, heap: Uint8Array, to: number, end: number): void {
  if (end - to > fewBytes) heap.set(source.subarray(at, at + end - to), to);
  else
    for (let target = to, from = at; target < end; target += 1, from += 1)
      heap[target] = source[from] as number;
}
