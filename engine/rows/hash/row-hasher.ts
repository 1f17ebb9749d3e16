import { batchRows, type ColumnBatch, type ColumnVector, type VarVector } from '../column-batch.js';
import type { Column, SetChecksum } from '../types.js';
import { type Field, fieldOf } from './field-writers.js';
import { hashLargeRow } from './large-row.js';
import { type Md5, messageBytes, sharedMd5 } from './md5.js';

/** Sums the hashes of rows of one shape; see docs/checksums.md. */
export interface RowHasher {
  /** Takes all rows of the batch, whose memory it needs no longer then. */
  add(batch: ColumnBatch): void;
  /** The checksum of all rows so far. */
  value(): SetChecksum;
  /** Of each row of the batch that was added last. */
  readonly hashes: RowHashes;
}

/** Hashes of 64 bits by row, as two halves; they hold until the next batch is added. */
interface RowHashes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

const blockBytes = 64;
const lanes = 4;
/** As many rows are written before they are hashed: what they take should stay in the processor's cache. */
const groupRows = 256;
const largeRowBytes = 16 * 1024;
/** At most: 0x80, zeros, the length in bits; and what aligns the next row to words. */
const paddingBytes = blockBytes + 8 + 4;
const mostBlocks = Math.ceil((largeRowBytes + paddingBytes) / blockBytes);
const two32 = 2 ** 32;

/** A hasher of rows of these columns. Its memory does not grow with the size of values. */
export function createRowHasher(columns: readonly Column[]): RowHasher {
  return new GroupedRowHasher(columns);
}

class GroupedRowHasher implements RowHasher {
  readonly #columns: readonly Column[];
  readonly #fields: readonly Field[];
  readonly #fixedBytes: number;
  readonly #heaps: readonly { readonly index: number; readonly perByte: number }[];
  readonly #md5: Md5 = sharedMd5();
  readonly #words: Int32Array;
  /** Where in the memory of MD5 the text of each row begins, and where it goes on. */
  readonly #starts = new Int32Array(batchRows);
  readonly #at = new Int32Array(batchRows);
  /** Rows by their number of blocks that wait until they are as many as are hashed at once. */
  readonly #waiting = new Int32Array((mostBlocks + 1) * lanes);
  readonly #waitingCount = new Uint8Array(mostBlocks + 1);
  readonly hashes: RowHashes = { high: new Uint32Array(batchRows), low: new Uint32Array(batchRows) };
  #rows = 0;
  #high = 0;
  #low = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#fields = columns.map(({ type }) => fieldOf(type));
    this.#fixedBytes = this.#fields.reduce((sum, { mostBytes }) => sum + mostBytes, paddingBytes);
    this.#heaps = this.#fields
      .map(({ perHeapByte }, index) => ({ index, perByte: perHeapByte }))
      .filter(({ perByte }) => perByte > 0);
    this.#words = new Int32Array(this.#md5.bytes.buffer);
  }

  add(batch: ColumnBatch): void {
    for (let row = 0; row < batch.rows; ) {
      const end = this.#place(batch, row);
      if (end === row) {
        this.#addLarge(batch, row);
        row++;
        continue;
      }
      for (const [index, { write }] of this.#fields.entries()) {
        write(batch.columns[index] as ColumnVector, row, end, this.#md5.bytes, this.#at);
      }
      this.#hash(row, end);
      row = end;
    }
    const { high, low } = this.hashes;
    for (let row = 0; row < batch.rows; row++) {
      this.#high += high[row] as number;
      this.#low += low[row] as number;
    }
    this.#rows += batch.rows;
    this.#high = (this.#high + Math.floor(this.#low / two32)) % two32;
    this.#low %= two32;
  }

  value(): SetChecksum {
    const sum = (BigInt(this.#high) << 32n) | BigInt(this.#low);
    return { rows: this.#rows, sum: sum.toString(16).padStart(16, '0') };
  }

  /** Gives rows from `from` on their places; returns the first one that found none, `from` itself when it is too large. */
  #place(batch: ColumnBatch, from: number): number {
    const last = Math.min(batch.rows, from + groupRows);
    let place = 0;
    for (let row = from; row < last; row++) {
      let most = this.#fixedBytes;
      for (const { index, perByte } of this.#heaps) {
        const { ends } = batch.columns[index] as VarVector;
        most += perByte * ((ends[row] as number) - (row === 0 ? 0 : (ends[row - 1] as number)));
      }
      if (most > largeRowBytes || place + most > messageBytes) return row;
      this.#starts[row] = place;
      this.#at[row] = place;
      place += most & ~3;
    }
    return last;
  }

  #hash(from: number, to: number): void {
    let highest = 0;
    for (let row = from; row < to; row++) {
      const blocks = this.#pad(row);
      if (blocks > highest) highest = blocks;
      const count = this.#waitingCount[blocks] as number;
      this.#waiting[blocks * lanes + count] = row;
      if (count + 1 < lanes) this.#waitingCount[blocks] = count + 1;
      else this.#hashLanes(blocks, lanes);
    }
    for (let blocks = 1; blocks <= highest; blocks++) {
      const count = this.#waitingCount[blocks] as number;
      if (count > 0) this.#hashLanes(blocks, count);
    }
  }

  /** RFC 1321, sections 3.1 and 3.2; returns the number of blocks. */
  #pad(row: number): number {
    const start = this.#starts[row] as number;
    const end = this.#at[row] as number;
    const blocks = (end - start + 8 + blockBytes) >>> 6;
    const bytes = this.#md5.bytes;
    bytes[end] = 0x80;
    let place = end + 1;
    while ((place & 3) !== 0) bytes[place++] = 0;
    const lengthAt = (start + blocks * blockBytes - 8) >>> 2;
    for (let word = place >>> 2; word < lengthAt; word++) this.#words[word] = 0;
    this.#words[lengthAt] = (end - start) * 8;
    this.#words[lengthAt + 1] = 0;
    return blocks;
  }

  /** Hashes what waits with this number of blocks; lanes that nothing waits for hash the first message again. */
  #hashLanes(blocks: number, count: number): void {
    const at = blocks * lanes;
    const waiting = this.#waiting;
    const digests = this.#md5.digests;
    this.#md5.hash(
      this.#startOf(at),
      this.#startOf(count > 1 ? at + 1 : at),
      this.#startOf(count > 2 ? at + 2 : at),
      this.#startOf(count > 3 ? at + 3 : at),
      blocks,
    );
    const { high, low } = this.hashes;
    for (let lane = 0; lane < count; lane++) {
      const row = waiting[at + lane] as number;
      high[row] = digests[lane] as number;
      low[row] = digests[lanes + lane] as number;
    }
    this.#waitingCount[blocks] = 0;
  }

  #startOf(waiting: number): number {
    return this.#starts[this.#waiting[waiting] as number] as number;
  }

  #addLarge(batch: ColumnBatch, row: number): void {
    const digest = hashLargeRow(this.#columns, batch, row);
    this.hashes.high[row] = digest.readUInt32BE(0);
    this.hashes.low[row] = digest.readUInt32BE(4);
  }
}
