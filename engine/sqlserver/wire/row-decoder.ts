import type { ColumnBatch } from '../../rows/column-batch.js';
import { type CellDecoder, writeNull } from './cell-decoder.js';

export const rowToken = 0xd1;
export const nbcRowToken = 0xd2;

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
  readonly #decoders: readonly CellDecoder[];
  readonly #limits: BatchLimits;
  /** The column that is next; -1 between rows. */
  #column = -1;
  /** Of the row at work: a bit set for each NULL of an NBCROW. */
  readonly #nulls: Uint8Array;
  #nbc = false;
  /** Bytes on the wire of the rows of the batch. */
  #batchBytes = 0;

  constructor(batch: ColumnBatch, decoders: readonly CellDecoder[], limits: BatchLimits) {
    this.#batch = batch;
    this.#decoders = decoders;
    this.#limits = limits;
    this.#nulls = new Uint8Array(Math.ceil(decoders.length / 8));
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
    const stop = this.#rows(bytes, end);
    this.#batchBytes += this.at - from;
    return stop;
  }

  #rows(bytes: Buffer, end: number): RowStop {
    const batch = this.#batch;
    const fullAt = this.at + this.#limits.bytes - this.#batchBytes;
    for (;;) {
      if (this.#column < 0) {
        if (batch.rows >= this.#limits.rows || (this.at >= fullAt && batch.rows > 0)) return 'full';
        const stop = this.#begin(bytes, end);
        if (stop !== undefined) return stop;
      }
      if (!this.#cells(bytes, end)) return 'bytes';
      batch.rows += 1;
      this.#column = -1;
    }
  }

  #begin(bytes: Buffer, end: number): RowStop | undefined {
    const { at } = this;
    this.needed = 1;
    if (at >= end) return 'bytes';
    const token = bytes[at];
    this.#nbc = token === nbcRowToken;
    if (token === rowToken) {
      this.at = at + 1;
    } else if (this.#nbc) {
      this.needed = 1 + this.#nulls.length;
      if (end - at < this.needed) return 'bytes';
      this.at = at + this.needed;
      bytes.copy(this.#nulls, 0, at + 1, this.at);
    } else {
      return 'token';
    }
    this.#column = 0;
    return undefined;
  }

  /** Whether the row came to its end. */
  #cells(bytes: Buffer, end: number): boolean {
    const decoders = this.#decoders;
    const { columns, rows: row } = this.#batch;
    let { at } = this;
    for (let column = this.#column; column < decoders.length; column += 1) {
      if (this.#nbc && (((this.#nulls[column >> 3] as number) >> (column & 7)) & 1) === 1) {
        writeNull(columns[column] as ColumnBatch['columns'][number], row);
        continue;
      }
      const next = (decoders[column] as CellDecoder)(bytes, at, end, row);
      if (next < 0) {
        this.at = at;
        this.#column = column;
        this.needed = -next;
        return false;
      }
      at = next;
    }
    this.at = at;
    return true;
  }
}
