import { createHash } from 'node:crypto';
import { canonicalCell } from '../canonical.js';
import { cellAt } from '../cells.js';
import { type ColumnBatch, type ColumnVector, startOf } from '../column-batch.js';
import type { Column } from '../types.js';

/** As hex takes two bytes for each, this many at a time. */
const hexChunkBytes = 32 * 1024;

/**
 * MD5 of one row's canonical text that is too long to be built in one place. Values of hundreds of megabytes are never
 * there twice.
 */
export function hashLargeRow(columns: readonly Column[], batch: ColumnBatch, row: number): Buffer {
  const hash = createHash('md5');
  for (const [index, { type }] of columns.entries()) {
    const vector = batch.columns[index] as ColumnVector;
    if (vector.layout !== 'var' || vector.nulls[row] === 1) {
      hash.update(canonicalCell(type)(cellAt(type, vector, row)));
      continue;
    }
    const bytes = vector.heap.subarray(startOf(vector, row), vector.ends[row]);
    if (type.kind === 'text' || type.kind === 'bytes') hash.update(`${bytes.length}:`);
    if (type.kind === 'bytes') {
      for (let start = 0; start < bytes.length; start += hexChunkBytes) {
        hash.update(bytes.toString('hex', start, Math.min(start + hexChunkBytes, bytes.length)));
      }
    } else hash.update(bytes);
    hash.update(';');
  }
  return hash.digest();
}
