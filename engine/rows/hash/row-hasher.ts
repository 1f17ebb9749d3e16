import { batchRows, type ColumnBatch, type ColumnVector, type VarVector } from '../column-batch.js';
import type { Column, SetChecksum } from '../types.js';
import { type Field, fieldOf, load, loadEnds } from './fields.js';
import { hashLargeRow } from './large-row.js';
import { type RowModule, sharedRowModule } from './row-module.js';

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

/** A hasher of rows of these columns. Its memory does not grow with the size of values. */
export function createRowHasher(columns: readonly Column[]): RowHasher {
  return new GroupedRowHasher(columns);
}

class GroupedRowHasher implements RowHasher {
  readonly #columns: readonly Column[];
  readonly #fields: readonly Field[];
  readonly #fixedBytes: number;
  readonly #module: RowModule = sharedRowModule();
  readonly hashes: RowHashes = { high: new Uint32Array(batchRows), low: new Uint32Array(batchRows) };
  #rows = 0;
  #sum = 0n;
  /** Rows that are measured at once: few where large ones come, as the others would be measured again behind each. */
  #measured: number;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#fields = columns.map(({ type }) => fieldOf(type));
    this.#measured = this.#module.groupRows;
    this.#fixedBytes = this.#fields.reduce((sum, { mostBytes }) => sum + mostBytes, 0);
  }

  add(batch: ColumnBatch): void {
    let sum = 0n;
    for (let row = 0; row < batch.rows; ) {
      const placed = this.#place(batch, row);
      sum += placed === 0 ? this.#hashLarge(batch, row) : this.#hashGroup(batch, row, row + placed);
      row += Math.max(placed, 1);
    }
    this.#sum += sum;
    this.#rows += batch.rows;
  }

  value(): SetChecksum {
    return { rows: this.#rows, sum: BigInt.asUintN(64, this.#sum).toString(16).padStart(16, '0') };
  }

  /** Begins a group of rows from `from` on; returns how many there is room for, 0 when the first is too large. */
  #place(batch: ColumnBatch, from: number): number {
    const { call, groupRows, largeRowBytes } = this.#module;
    if (this.#fixedBytes > largeRowBytes) return 0;
    const rows = Math.min(batch.rows - from, this.#measured);
    call.begin(rows, this.#fixedBytes);
    for (const [index, { perHeapByte }] of this.#fields.entries()) {
      if (perHeapByte === 0) continue;
      loadEnds(this.#module, (batch.columns[index] as VarVector).ends, from, from + rows);
      call.measure(rows, perHeapByte);
    }
    const placed = call.place(rows);
    this.#measured = placed === 0 ? 1 : Math.min(groupRows, this.#measured * 2);
    return placed;
  }

  #hashGroup(batch: ColumnBatch, from: number, to: number): bigint {
    const module = this.#module;
    for (const [index, { write }] of this.#fields.entries()) {
      const vector = batch.columns[index] as ColumnVector;
      load(module, vector, from, to);
      write(module, to - from, vector.nullCount > 0);
    }
    const sum = module.call.hash(to - from);
    this.hashes.high.set(module.highs.subarray(0, to - from), from);
    this.hashes.low.set(module.lows.subarray(0, to - from), from);
    return sum;
  }

  /** One whose text may be too long for the module. */
  #hashLarge(batch: ColumnBatch, row: number): bigint {
    const digest = hashLargeRow(this.#columns, batch, row);
    this.hashes.high[row] = digest.readUInt32BE(0);
    this.hashes.low[row] = digest.readUInt32BE(4);
    return digest.readBigUInt64BE(0);
  }
}
