import { isUtf8 } from 'node:buffer';
import { MigrationError } from '../errors.js';
import {
  batchRows,
  type ColumnBatch,
  type ColumnVector,
  startOf,
  type VarVector,
  widthOf,
} from './column-batch.js';
import { Segments } from './segments.js';
import type { Column } from './types.js';

/** Rows `from .. from + count` of a batch; `ordinal` is how errors call the first of them. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
  readonly ordinal: number;
}

/** Stands for the NULLs of a vector that has none. */
const noNulls = new Uint8Array(batchRows);
const words = Int32Array.BYTES_PER_ELEMENT;

/** Rows that are kept until they have been written: copied out of their batches, without room to spare. */
export class PackedRows {
  rows = 0;
  /** That they take in memory. */
  bytes = 0;
  readonly #blocks: ColumnBatch[] = [];
  readonly #segments = new Segments();

  constructor(readonly columns: readonly Column[]) {}

  /** What was appended, a batch for each time; they hold until `clear`. */
  get blocks(): readonly ColumnBatch[] {
    return this.#blocks;
  }

  /** Throws VALUE_UNREPRESENTABLE, with column and row, for text that is not UTF-8. */
  append(batch: ColumnBatch, range: RowRange): void {
    if (range.count === 0) return;
    const columns = batch.columns.map((vector, index) => {
      if (vector.layout === 'var') this.#requireText(vector, range, this.columns[index]);
      return this.#packed(vector, range);
    });
    this.#blocks.push({ rows: range.count, columns });
    this.rows += range.count;
    this.bytes += packedBytes(batch, range);
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#segments.release();
    this.rows = 0;
    this.bytes = 0;
  }

  #packed(vector: ColumnVector, { from, count }: RowRange): ColumnVector {
    const some = vector.nullCount > 0;
    const nulls = some ? this.#copy(vector.nulls.subarray(from, from + count)) : noNulls;
    const common = { nulls, nullCount: vector.nullCount };
    if (vector.layout === 'var') {
      const start = startOf(vector, from);
      const room = this.#segments.take(count * words);
      const ends = new Int32Array(room.buffer, room.byteOffset, count);
      for (let row = 0; row < count; row += 1) ends[row] = (vector.ends[from + row] as number) - start;
      const heap = this.#copy(vector.heap.subarray(start, vector.ends[from + count - 1]));
      const { buffer, byteOffset, byteLength } = heap;
      return { ...common, layout: 'var', ends, heap: Buffer.from(buffer, byteOffset, byteLength) };
    }
    const { data } = vector;
    const width = widthOf(vector);
    const bytes = this.#copy(new Uint8Array(data.buffer, data.byteOffset + from * width, count * width));
    const Data = data.constructor as Uint8ArrayConstructor;
    const packed = new Data(bytes.buffer, bytes.byteOffset, bytes.byteLength / data.BYTES_PER_ELEMENT);
    return { ...common, layout: vector.layout, data: packed } as ColumnVector;
  }

  #copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const room = this.#segments.take(bytes.length);
    room.set(bytes);
    return room;
  }

  #requireText(vector: VarVector, range: RowRange, column: Column | undefined): void {
    if (column === undefined || column.type.kind === 'bytes') return;
    const { from, count, ordinal } = range;
    const fits = (first: number, last: number): boolean =>
      isUtf8(vector.heap.subarray(startOf(vector, first), vector.ends[last]));
    if (fits(from, from + count - 1)) return;
    let row = from;
    while (row < from + count - 1 && fits(row, row)) row += 1;
    throw new MigrationError(
      'VALUE_UNREPRESENTABLE',
      `Column ${column.name}, row ${ordinal + row - from} of the chunk as the source gives it: the text is not valid Unicode. ` +
        'Correct the value at the source, or leave the row out by source_filter.',
    );
  }
}

/** What rows of a batch take as packed rows, about. */
export function packedBytes(batch: ColumnBatch, range: Pick<RowRange, 'from' | 'count'>): number {
  let bytes = 0;
  for (const vector of batch.columns) bytes += bytesOf(vector, range);
  return bytes;
}

function bytesOf(vector: ColumnVector, { from, count }: Pick<RowRange, 'from' | 'count'>): number {
  const nulls = vector.nullCount > 0 ? count : 0;
  if (vector.layout !== 'var') return nulls + count * widthOf(vector);
  return nulls + count * words + (vector.ends[from + count - 1] as number) - startOf(vector, from);
}
