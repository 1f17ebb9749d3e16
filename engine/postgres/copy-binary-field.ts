import type { ColumnVector } from '../rows/column-batch.js';

/** The tuples that are being written. */
export interface TupleSpace {
  readonly bytes: Buffer;
  /** Over the same memory. */
  readonly view: DataView;
  /** By row: where its next field begins. */
  readonly at: Int32Array;
}

/**
 * How a column's values become fields of COPY binary: four bytes of length, or -1 for NULL, and the value in
 * network byte order. Columns are written one after another, each in a loop of its own over the rows of a run, which
 * leaves no call per value.
 * @see https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
 */
export interface FieldForm {
  /** Bytes of a value that is not NULL, without its length and beside those that `grow` tells. */
  readonly width: number;
  /** Adds to each row's size what its value takes beyond `width`. */
  readonly grow?: (vector: ColumnVector, sizes: Int32Array, rows: number) => void;
  /** Writes the fields of the rows `from` to before `to`, and moves `at` behind them. */
  readonly write: (vector: ColumnVector, space: TupleSpace, from: number, to: number) => void;
}

/** Writes the field of a NULL; returns where the next one begins. */
export function writeNull(view: DataView, at: number): number {
  view.setInt32(at, -1);
  return at + 4;
}
