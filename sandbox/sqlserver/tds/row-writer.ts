import type { Cell, ResultColumn } from '../engine/types.js';
import type { ByteWriter } from './byte-writer.js';
import { type CellWriter, compileCellWriter } from './cell-writer.js';

const rowToken = 0xd1;
const nbcRowToken = 0xd2;

/** Column-major rows, as `ResultEvent` brings them. */
export interface Rows {
  readonly count: number;
  readonly columns: readonly (readonly Cell[])[];
}

/** Writes the rows of one result as ROW tokens, or NBCROW where a cell is NULL (MS-TDS 2.2.7.19, 2.2.7.14). */
export class RowWriter {
  readonly #writers: readonly CellWriter[];
  readonly #nullable: readonly boolean[];
  readonly #bitmapBytes: number;

  constructor(columns: readonly ResultColumn[]) {
    this.#writers = columns.map(({ type, nullable }) => compileCellWriter(type, nullable));
    this.#nullable = columns.map(({ nullable }) => nullable);
    this.#bitmapBytes = Math.ceil(columns.length / 8);
  }

  /**
   * Writes rows from row `from` on until the batch ends or `out` holds `limit` bytes; returns the first row
   * that was not written. Throws when a cell does not fit its column's type.
   */
  write(out: ByteWriter, rows: Rows, from: number, limit: number): number {
    const { columns, count } = rows;
    let row = from;
    while (row < count && out.length < limit) {
      this.#writeRow(out, columns, row);
      row += 1;
    }
    return row;
  }

  /** On a throw, what has been written of the row is taken back: an ERROR token may follow whole rows only. */
  #writeRow(out: ByteWriter, columns: Rows['columns'], row: number): void {
    const start = out.length;
    try {
      if (!this.#writeRowWithoutNulls(out, columns, row)) {
        out.length = start;
        this.#writeRowWithNulls(out, columns, row);
      }
    } catch (error) {
      out.length = start;
      throw error;
    }
  }

  /** False at the first NULL, with a part of the row written. */
  #writeRowWithoutNulls(out: ByteWriter, columns: Rows['columns'], row: number): boolean {
    const writers = this.#writers;
    out.u8(rowToken);
    for (let i = 0; i < writers.length; i += 1) {
      const value = (columns[i] as readonly Cell[])[row] as Cell;
      if (value === null) {
        return false;
      }
      (writers[i] as CellWriter)(out, value);
    }
    return true;
  }

  #writeRowWithNulls(out: ByteWriter, columns: Rows['columns'], row: number): void {
    out.u8(nbcRowToken);
    const bitmap = out.length;
    out.fill(0, this.#bitmapBytes);
    for (let i = 0; i < this.#writers.length; i += 1) {
      const value = (columns[i] as readonly Cell[])[row] as Cell;
      if (value === null) {
        if (this.#nullable[i] !== true) {
          throw new TypeError(`Column ${i + 1} is NOT NULL and has a NULL.`);
        }
        const at = bitmap + (i >> 3);
        out.buffer[at] = (out.buffer[at] as number) | (1 << (i & 7));
      } else {
        (this.#writers[i] as CellWriter)(out, value);
      }
    }
  }
}
