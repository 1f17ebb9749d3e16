import { MigrationError } from '../../errors.js';
import { batchRows, type ColumnBatch, clearBatch, createBatch } from '../../rows/column-batch.js';
import type { Column } from '../../rows/types.js';
import { ByteReader, MoreBytesNeeded } from './byte-reader.js';
import type { CellCounts, CellOptions, WireColumn, WirePosition } from './cell-decoder.js';
import { readColumnMetadata } from './column-metadata.js';
import { checkPlanned } from './planned-columns.js';
import { RowDecoder } from './row-decoder.js';
import { tokenLength } from './token-length.js';
import { UnreadBytes } from './unread-bytes.js';

/** A column of a result that is read; of bytes where a text is to be had as its bytes. */
export interface StreamedColumn extends Column {
  /** What becomes of text that is not valid in its encoding. Default `fail`; of a column of bytes it is `bytes`. */
  readonly invalidText?: CellOptions['invalidText'];
}

export interface ReadLimits {
  /** Rows of a batch; at most and by default `batchRows`. */
  readonly batchRows: number;
  /** Bytes on the wire after which a batch is handed over, however few its rows. */
  readonly batchBytes: number;
  /** Bytes on the wire of one value. */
  readonly maxValueBytes: number;
}

const defaultReadLimits: ReadLimits = {
  batchRows,
  batchBytes: 8 * 1024 * 1024,
  maxValueBytes: 256 * 1024 * 1024,
};

const columnMetadataToken = 0x81;

/**
 * Decodes the answer to one query: its rows into `batch`; all else is handed on as it came, token by token.
 * Bytes come by `add`; `next` is called until it says that it has no more.
 */
export class ResultDecoder {
  readonly batch: ColumnBatch;
  /** By column: values in which something was replaced. */
  readonly counts: readonly CellCounts[];
  readonly #columns: readonly StreamedColumn[];
  readonly #limits: ReadLimits;
  readonly #onToken: (token: Buffer) => void;
  readonly #unread = new UnreadBytes();
  readonly #position: WirePosition = { rowsBefore: 0, bytesBefore: 0 };
  #rows: RowDecoder | undefined;

  /** @param onToken gets a copy of each token that holds no rows */
  constructor(
    columns: readonly StreamedColumn[],
    limits: Partial<ReadLimits>,
    onToken: (token: Buffer) => void,
  ) {
    this.batch = createBatch(columns);
    this.counts = columns.map(() => ({ replaced: 0 }));
    this.#columns = columns;
    this.#limits = { ...defaultReadLimits, ...limits };
    this.#onToken = onToken;
  }

  /** Rows read so far, those of the batch included. */
  get rows(): number {
    return this.#position.rowsBefore + this.batch.rows;
  }

  add(chunk: Buffer): void {
    this.#unread.add(chunk);
  }

  /**
   * @returns true when the batch is full: it is to be read and given back by `batchTaken`; false for more bytes.
   * @throws MigrationError WIRE_PROTOCOL, SOURCE_TYPE, VALUE_UNREPRESENTABLE
   */
  next(): boolean {
    return this.#unread.enough && this.#decode();
  }

  /** After the last bytes: as `next`, until false. @throws also for bytes that end in a token */
  end(): boolean {
    if (this.#decode()) return true;
    if (this.#unread.length > 0 || this.#rows?.inRow) {
      throw new MigrationError(
        'WIRE_PROTOCOL',
        `The answer ends inside a token, at byte ${this.#unread.before + this.#unread.end}.`,
      );
    }
    return false;
  }

  /** Empties the batch, for `next` to go on. */
  batchTaken(): void {
    this.#position.rowsBefore += this.batch.rows;
    clearBatch(this.batch);
    this.#rows?.batchTaken();
  }

  #decode(): boolean {
    const unread = this.#unread;
    this.#position.bytesBefore = unread.before;
    for (;;) {
      if (this.#rows !== undefined) {
        const stop = this.#rows.decode(unread.bytes, unread.at, unread.end);
        if (stop === 'bytes') {
          unread.readToNeeding(this.#rows.at, this.#rows.needed);
          return false;
        }
        unread.readTo(this.#rows.at);
        if (stop === 'full') return true;
      }
      if (unread.length === 0) return false;
      const length = this.#token();
      if (length < 0) {
        this.#checkSize(-length);
        unread.readToNeeding(unread.at, -length);
        return false;
      }
      unread.readTo(unread.at + length);
    }
  }

  /** Reads a token that is no row. @returns its bytes, or minus those it needs */
  #token(): number {
    const { bytes, at, end, before } = this.#unread;
    if (bytes[at] === columnMetadataToken) return this.#columnMetadata();
    const length = tokenLength(bytes, at, end, before);
    if (length > 0) this.#onToken(Buffer.from(bytes.subarray(at, at + length)));
    return length;
  }

  /** A description of columns has no end of its own: it may not take more memory than a value. */
  #checkSize(bytes: number): void {
    if (bytes <= this.#limits.maxValueBytes) return;
    const at = this.#unread.before + this.#unread.at;
    throw new MigrationError('WIRE_PROTOCOL', `Byte ${at} of the answer: a token of ${bytes} bytes or more.`);
  }

  #columnMetadata(): number {
    const { bytes, at, end, before } = this.#unread;
    const reader = new ByteReader(bytes, at + 1, end);
    try {
      this.#begin(readColumnMetadata(reader));
      return reader.at - at;
    } catch (error) {
      if (error instanceof MoreBytesNeeded) return -(1 + error.needed);
      if (!(error instanceof MigrationError)) throw error;
      const place = `The description of the columns (token 0x81) begins at byte ${before + at} of the answer.`;
      throw new MigrationError(error.code, `${error.message} ${place}`);
    }
  }

  #begin(described: readonly WireColumn[]): void {
    if (this.#rows !== undefined) {
      throw new MigrationError('WIRE_PROTOCOL', 'The source sent a second result for one query.');
    }
    checkPlanned(this.#columns, described);
    const options = this.#columns.map(({ type, invalidText }, at) => ({
      maxValueBytes: this.#limits.maxValueBytes,
      invalidText: type.kind === 'bytes' ? ('bytes' as const) : (invalidText ?? 'fail'),
      position: this.#position,
      counts: this.counts[at] as CellCounts,
    }));
    const { batchRows: rows, batchBytes } = this.#limits;
    const limits = { rows: Math.min(rows, batchRows), bytes: batchBytes };
    this.#rows = new RowDecoder(this.batch, described, options, limits);
  }
}
