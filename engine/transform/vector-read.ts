import bindings from '@duckdb/node-bindings';
import { type ColumnVector, widthOf } from '../rows/column-batch.js';
import { readStrings } from './string-vectors.js';

/**
 * Reads the first `count` values of a DuckDB vector, which must have the layout of `target`, into the empty `target`.
 * Throws VALUE_UNREPRESENTABLE for more than 2 GB of text or bytes.
 */
export function readVector(source: bindings.Vector, target: ColumnVector, count: number): void {
  readNulls(source, target, count);
  if (target.layout === 'var') {
    readStrings(source, target, count);
    return;
  }
  const { data } = target;
  const bytes = bindings.vector_get_data(source, count * widthOf(target));
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
}

function readNulls(source: bindings.Vector, target: ColumnVector, count: number): void {
  // null, which its type does not say, where no value is NULL.
  const valid: Uint8Array | null = bindings.vector_get_validity(source, Math.ceil(count / 64) * 8);
  if (valid === null) return;
  target.nullCount = spreadNulls(valid, target.nulls, count);
}

/**
 * Gives the number of NULLs. Apart from vectors, of which each kind has another shape: V8 threw away what it had compiled of
 * the loop whenever the shape changed.
 */
function spreadNulls(valid: Uint8Array, nulls: Uint8Array, count: number): number {
  let nullCount = 0;
  for (let row = 0; row < count; row += 1) {
    const isNull = 1 - (((valid[row >> 3] as number) >> (row & 7)) & 1);
    nulls[row] = isNull;
    nullCount += isNull;
  }
  return nullCount;
}
