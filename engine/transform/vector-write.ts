import bindings from '@duckdb/node-bindings';
import { MigrationError } from '../errors.js';
import type { Cell, Column } from '../rows/types.js';
import { isWellFormed } from '../rows/well-formed.js';
import { layoutOf, vectorRows } from './vector-types.js';

/** Writes `count` cells (at most `vectorRows`) from `from` on into a vector; `ordinal` is how errors call the first. */
export type VectorWrite = (
  vector: bindings.Vector,
  cells: readonly Cell[],
  from: number,
  count: number,
  ordinal: number,
) => void;

/**
 * A writer for one column's vectors. Cells go through typed arrays that are used again and again: an object per
 * value (the node-api way) costs several times as much. Throws VALUE_UNREPRESENTABLE, with column and row, for a
 * cell that its type cannot hold.
 */
export function vectorWrite(column: Column): VectorWrite {
  switch (layoutOf(column.type)) {
    case 'text':
      return textWrite(column);
    case 'bool':
      return numberWrite(column, new Uint8Array(vectorRows));
    case 'uint8':
      return numberWrite(column, new Uint8Array(vectorRows));
    case 'int16':
      return numberWrite(column, new Int16Array(vectorRows));
    case 'int32':
      return numberWrite(column, new Int32Array(vectorRows));
    case 'int64':
      return bigintWrite(column, 1);
    case 'int128':
      return bigintWrite(column, 2);
  }
}

class Validity {
  readonly #bits = new Uint8Array(vectorRows / 8);
  #nulls = false;

  reset(): void {
    if (this.#nulls) this.#bits.fill(0xff);
    this.#nulls = false;
  }

  setNull(row: number): void {
    if (!this.#nulls) this.#bits.fill(0xff);
    this.#nulls = true;
    const at = row >> 3;
    this.#bits[at] = (this.#bits[at] ?? 0) & ~(1 << (row & 7));
  }

  flush(vector: bindings.Vector): void {
    if (!this.#nulls) return;
    bindings.vector_ensure_validity_writable(vector);
    bindings.copy_data_to_vector_validity(vector, 0, this.#bits.buffer, 0, this.#bits.byteLength);
  }
}

function numberWrite(column: Column, items: Uint8Array | Int16Array | Int32Array): VectorWrite {
  const validity = new Validity();
  const limit = column.type.kind === 'decimal' ? 10 ** column.type.precision : Number.POSITIVE_INFINITY;
  return (vector, cells, from, count, ordinal) => {
    validity.reset();
    for (let row = 0; row < count; row += 1) {
      const cell = cells[from + row];
      if (cell === null) {
        validity.setNull(row);
        continue;
      }
      const value = Number(cell);
      items[row] = value;
      // A typed array wraps what it cannot hold.
      if (items[row] !== value || value >= limit || value <= -limit)
        throw unrepresentable(column, ordinal + row);
    }
    copy(vector, items, count);
    validity.flush(vector);
  };
}

/** `words` 64-bit words a value: the low one unsigned, the high one with the sign. */
function bigintWrite(column: Column, words: 1 | 2): VectorWrite {
  const validity = new Validity();
  const items = new BigInt64Array(vectorRows * words);
  const limit = column.type.kind === 'decimal' ? 10n ** BigInt(column.type.precision) : 1n << 63n;
  // A decimal's range is symmetric; the smallest int64 is one beyond the largest.
  const lowest = column.type.kind === 'decimal' ? 1n - limit : -limit;
  return (vector, cells, from, count, ordinal) => {
    validity.reset();
    for (let row = 0; row < count; row += 1) {
      const cell = cells[from + row];
      if (cell === null) {
        validity.setNull(row);
        continue;
      }
      if (typeof cell !== 'bigint' || cell >= limit || cell < lowest)
        throw unrepresentable(column, ordinal + row);
      items[row * words] = cell;
      if (words === 2) items[row * 2 + 1] = cell >> 64n;
    }
    copy(vector, items, count * words);
    validity.flush(vector);
  };
}

function textWrite(column: Column): VectorWrite {
  const validity = new Validity();
  return (vector, cells, from, count, ordinal) => {
    validity.reset();
    for (let row = 0; row < count; row += 1) {
      const cell = cells[from + row];
      if (cell === null) {
        validity.setNull(row);
        continue;
      }
      if (typeof cell !== 'string' || !isWellFormed(cell)) throw unrepresentable(column, ordinal + row);
      bindings.vector_assign_string_element(vector, row, cell);
    }
    validity.flush(vector);
  };
}

function copy(vector: bindings.Vector, items: NumericArray, length: number): void {
  const bytes = length * items.BYTES_PER_ELEMENT;
  bindings.copy_data_to_vector(vector, 0, items.buffer as ArrayBuffer, items.byteOffset, bytes);
}

type NumericArray = Uint8Array | Int16Array | Int32Array | BigInt64Array;

function unrepresentable(column: Column, ordinal: number): MigrationError {
  const { kind } = column.type;
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    `Column ${column.name}, row ${ordinal} of the chunk as the source gives it: the value does not fit ${kind} as the catalog describes it ` +
      `(${kind === 'text' ? 'a text with half a surrogate pair has no UTF-8 form' : 'out of range'}). ` +
      'Correct the value at the source, or leave the row out by source_filter.',
  );
}
