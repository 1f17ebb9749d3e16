import { isUtf8 } from 'node:buffer';
import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import { batchRows, type ColumnVector, startOf, type VarVector } from '../rows/column-batch.js';
import { writeStrings } from './string-vectors.js';

/** Rows `from .. from + count` of a batch; `ordinal` is how errors call the first of them. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
  readonly ordinal: number;
}

/**
 * Writes rows of a column into a vector of DuckDB that is as new, by one copy for all of them: both lie in memory
 * alike. Throws VALUE_UNREPRESENTABLE, with column and row, for text that is not UTF-8.
 */
export function writeVector(
  target: bindings.Vector,
  source: ColumnVector,
  rows: RowRange,
  name: string,
): void {
  const { from, count } = rows;
  if (source.layout === 'var') {
    if (!writeStrings(target, source, from, count)) throw notUtf8(source, rows, name);
  } else {
    const { data } = source;
    const width = widthOf(source);
    const start = data.byteOffset + from * width;
    bindings.copy_data_to_vector(target, 0, data.buffer as ArrayBuffer, start, count * width);
  }
  if (source.nullCount > 0) writeNulls(target, source.nulls, from, count);
}

/** Bytes that the rows take in DuckDB's memory, about. */
export function bytesInVector(
  source: ColumnVector,
  { from, count }: Pick<RowRange, 'from' | 'count'>,
): number {
  if (source.layout !== 'var') return count * widthOf(source);
  return (source.ends[from + count - 1] as number) - startOf(source, from);
}

function widthOf({ data }: Exclude<ColumnVector, VarVector>): number {
  return data.byteLength / batchRows;
}

const validity = new Uint8Array(batchRows / 8);

function writeNulls(target: bindings.Vector, nulls: Uint8Array, from: number, count: number): void {
  validity.fill(0xff);
  for (let row = 0; row < count; row += 1) {
    if (nulls[from + row] === 1) validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7));
  }
  bindings.vector_ensure_validity_writable(target);
  bindings.copy_data_to_vector_validity(target, 0, validity.buffer, 0, validity.byteLength);
}

function notUtf8(source: VarVector, { from, count, ordinal }: RowRange, name: string): MigrationError {
  let row = from;
  while (row < from + count - 1 && isUtf8(source.heap.subarray(startOf(source, row), source.ends[row])))
    row += 1;
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    `Column ${name}, row ${ordinal + row - from} of the chunk as the source gives it: the text is not valid Unicode. ` +
      'Correct the value at the source, or leave the row out by source_filter.',
  );
}
