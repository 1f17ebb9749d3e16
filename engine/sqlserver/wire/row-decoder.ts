import type { ColumnBatch, ColumnVector } from '../../rows/column-batch.js';
import { type CellDecoder, type CellOptions, type WireColumn, writeNull } from './cell-decoder.js';
import { compileRow, type FusedDecoder, type RowCode, type StoppedAt } from './row-code.js';

const rowToken = 0xd1;
const nbcRowToken = 0xd2;

/** Why `RowDecoder.decode` stopped. */
export type RowStop =
  /** The batch holds as many rows or bytes as it may. */
  | 'full'
  /** The bytes end, in a row or between two: `needed` bytes from `at` on go further. */
  | 'bytes'
  /** Another token than a row's begins at `at`. */
  | 'token';

export interface BatchLimits {
  readonly rows: number;
  /** Bytes on the wire, after which a batch is full; a single row may have more. */
  readonly bytes: number;
}

/**
 * Decodes the rows of one shape, ROW and NBCROW (MS-TDS 2.2.7.19, 2.2.7.14), into a batch. It may stop in the middle of
 * a row and goes on with the value it stopped at: none is read twice.
 */
export class RowDecoder {
  /** Where `decode` stopped, in its buffer. */
  at = 0;
  /** Bytes from `at` on without which it does not get further. */
  needed = 1;
  readonly #batch: ColumnBatch;
  readonly #limits: BatchLimits;
  readonly #code: RowCode;
  readonly #stopped: StoppedAt = { column: -1, at: 0 };
  /** The column that is next in a row whose beginning is gone; -1 between rows. */
  #column = -1;
  /** Of that row: a bit set for each NULL; all zero for a ROW. */
  readonly #nulls: Uint8Array;
  /** Bytes on the wire of the rows of the batch. */
  #batchBytes = 0;

  /** @throws as `compileRow` */
  constructor(
    batch: ColumnBatch,
    columns: readonly WireColumn[],
    options: readonly CellOptions[],
    limits: BatchLimits,
  ) {
    this.#batch = batch;
    this.#limits = limits;
    this.#code = compileRow(columns, batch.columns, options, this.#stopped);
    this.#nulls = new Uint8Array(Math.ceil(columns.length / 8));
  }

  /** Whether a row has begun and not ended. */
  get inRow(): boolean {
    return this.#column >= 0;
  }

  /** To be called when the batch has been emptied. */
  batchTaken(): void {
    this.#batchBytes = 0;
  }

  /** @throws what the columns' decoders throw */
  decode(bytes: Buffer, from: number, end: number): RowStop {
    this.at = from;
    const fullAt = from + this.#limits.bytes - this.#batchBytes;
    const stop = this.inRow && !this.#finishRow(bytes, end) ? 'bytes' : this.#rows(bytes, end, fullAt);
    this.#batchBytes += this.at - from;
    return stop;
  }

  #rows(bytes: Buffer, end: number, fullAt: number): RowStop {
    const batch = this.#batch;
    const mostRows = this.#limits.rows;
    const bitmapBytes = this.#nulls.length;
    for (;;) {
      const { at } = this;
      if (batch.rows >= mostRows || (at >= fullAt && batch.rows > 0)) return 'full';
      this.needed = 1;
      if (at >= end) return 'bytes';
      const token = bytes[at];
      if (token === rowToken) {
        if (!this.#row(bytes, at + 1, end, -1)) return 'bytes';
      } else if (token === nbcRowToken) {
        this.needed = 1 + bitmapBytes;
        if (end - at < this.needed) return 'bytes';
        if (!this.#row(bytes, at + this.needed, end, at + 1)) return 'bytes';
      } else {
        return 'token';
      }
    }
  }

  /** Whether the row whose first value is at `first` is all there; else what has come of it is in the batch. */
  #row(bytes: Buffer, first: number, end: number, bitmap: number): boolean {
    const { fused } = this.#code;
    const { rows: row } = this.#batch;
    let at = first;
    for (let part = 0; part < fused.length; part += 1) {
      at = (fused[part] as FusedDecoder)(bytes, at, end, row, bitmap);
      if (at < 0) {
        if (bitmap < 0) this.#nulls.fill(0);
        else bytes.copy(this.#nulls, 0, bitmap, bitmap + this.#nulls.length);
        this.at = this.#stopped.at;
        this.#column = this.#stopped.column;
        // Asked alone, its decoder tells how many bytes it needs.
        return this.#finishRow(bytes, end);
      }
    }
    this.at = at;
    this.#batch.rows = row + 1;
    return true;
  }

  /** Goes on at `#column`, value by value; whether the row came to its end. */
  #finishRow(bytes: Buffer, end: number): boolean {
    const { single } = this.#code;
    const { columns, rows: row } = this.#batch;
    for (let column = this.#column; column < single.length; column += 1) {
      if ((((this.#nulls[column >> 3] as number) >> (column & 7)) & 1) === 1) {
        writeNull(columns[column] as ColumnVector, row);
        continue;
      }
      const next = (single[column] as CellDecoder)(bytes, this.at, end, row);
      if (next < 0) {
        this.#column = column;
        this.needed = -next;
        return false;
      }
      this.at = next;
    }
    this.#column = -1;
    this.#batch.rows = row + 1;
    return true;
  }
}
