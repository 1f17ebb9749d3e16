import bindings from '@duckdb/node-bindings';
import { batchRows, type ColumnVector, widthOf } from '../rows/column-batch.js';
import { writeStrings } from './string-vectors.js';

/**
 * Writes the first `count` rows of a column into a vector of DuckDB that is as new, by one copy for all of them: both lie
 * in memory alike. Throws for text that is not UTF-8, which `PackedRows` has refused before.
 */
export function writeVector(target: bindings.Vector, source: ColumnVector, count: number): void {
  if (source.layout === 'var') {
    if (!writeStrings(target, source, count))
      throw new Error('Text that is not UTF-8 has come as far as DuckDB.');
  } else {
    const { data } = source;
    bindings.copy_data_to_vector(
      target,
      0,
      data.buffer as ArrayBuffer,
      data.byteOffset,
      count * widthOf(source),
    );
  }
  if (source.nullCount > 0) writeNulls(target, source.nulls, count);
}

const validity = new Uint8Array(batchRows / 8);

function writeNulls(target: bindings.Vector, nulls: Uint8Array, count: number): void {
  validity.fill(0xff);
  for (let row = 0; row < count; row += 1) {
    if (nulls[row] === 1) validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7));
  }
  bindings.vector_ensure_validity_writable(target);
  bindings.copy_data_to_vector_validity(target, 0, validity.buffer, 0, validity.byteLength);
}
