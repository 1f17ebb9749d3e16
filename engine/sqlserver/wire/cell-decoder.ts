import { MigrationError } from '../../errors.js';
import { type ColumnVector, startOf } from '../../rows/column-batch.js';

/**
 * Reads one value that begins at `at` of `bytes[..end)` and writes it, or NULL, into its vector at `row`. Rows come in
 * order, each once: a decoder writes nothing before it has the whole value.
 * @returns the offset behind the value; or, when the bytes end inside it, a negative number: minus the bytes it needs
 *   from `at` on, as far as known (at least one more than there are). It is called again, with the value's bytes from
 *   their first one on (in another buffer, at another offset), when there are as many, or twice as many as before.
 * @throws MigrationError WIRE_PROTOCOL for bytes that no server may send (`malformed`); VALUE_UNREPRESENTABLE for a
 *   value that has no form here (`unrepresentable`)
 */
export type CellDecoder = (bytes: Buffer, at: number, end: number, row: number) => number;

export type CellDecoderFactory = (
  column: WireColumn,
  vector: ColumnVector,
  options: CellOptions,
) => CellDecoder;

/** What a column's decoder must know besides its type. */
export interface CellOptions {
  /** No value may have more bytes on the wire: checked before any memory is taken for it. */
  readonly maxValueBytes: number;
  /** What becomes of text that is no valid text in its encoding. `bytes`: the column's logical type is bytes. */
  readonly invalidText: 'fail' | 'replace' | 'bytes';
  /** Where the result stands; shared by all its columns. */
  readonly position: WirePosition;
  /** Of this column; counted up by its decoder. */
  readonly counts: CellCounts;
}

export interface CellCounts {
  /** Values in which `invalidText: 'replace'` replaced something. */
  replaced: number;
}

/** Kept by the row decoder, read for messages. */
export interface WirePosition {
  /** Rows before the first row of the batch. */
  rowsBefore: number;
  /** Bytes of the message before the first byte of the buffer at hand. */
  bytesBefore: number;
}

/** One column of COLMETADATA (MS-TDS 2.2.7.4). */
export interface WireColumn {
  readonly name: string;
  /** One of `wireTypes`. */
  readonly typeId: number;
  readonly nullable: boolean;
  /**
   * Most bytes of a value, as declared; 0xFFFF of a USHORT length (`max`) and xml are Infinity, which is also the sign
   * that values travel as PLP.
   */
  readonly length: number;
  /** Of decimal and numeric; else 0. */
  readonly precision: number;
  /** Of decimal, numeric, time, datetime2 and datetimeoffset; else 0. */
  readonly scale: number;
  /** Five bytes (2.2.5.1.2) of character types; else absent. */
  readonly collation?: Buffer;
  /** Whether an xml column is bound to a schema collection. */
  readonly xmlSchema?: boolean;
  readonly udt?: {
    readonly database: string;
    readonly schema: string;
    readonly type: string;
    readonly assembly: string;
  };
  /** Of text, ntext and image: the parts of its table's name. */
  readonly tableName?: readonly string[];
}

/** Type ids of TYPE_INFO (MS-TDS 2.2.5.4). */
export const wireTypes = {
  null: 0x1f,
  tinyint: 0x30,
  bit: 0x32,
  smallint: 0x34,
  int: 0x38,
  smalldatetime: 0x3a,
  real: 0x3b,
  money: 0x3c,
  datetime: 0x3d,
  float: 0x3e,
  smallmoney: 0x7a,
  bigint: 0x7f,
  uniqueidentifier: 0x24,
  intN: 0x26,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  moneyN: 0x6e,
  datetimeN: 0x6f,
  date: 0x28,
  time: 0x29,
  datetime2: 0x2a,
  datetimeoffset: 0x2b,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
  udt: 0xf0,
  xml: 0xf1,
  text: 0x23,
  image: 0x22,
  ntext: 0x63,
  variant: 0x62,
  json: 0xf4,
  vector: 0xf5,
} as const satisfies Record<string, number>;

/** Makes `row` NULL in its vector. Rows are written in order, each once. */
export function writeNull(vector: ColumnVector, row: number): void {
  vector.nulls[row] = 1;
  vector.nullCount += 1;
  if (vector.layout === 'var') vector.ends[row] = startOf(vector, row);
}

/** For bytes that no server may send; `at` is their offset in the buffer at hand. */
export function malformed(
  column: WireColumn,
  { position }: Pick<CellOptions, 'position'>,
  at: number,
  what: string,
): MigrationError {
  const type = `0x${column.typeId.toString(16).padStart(2, '0')}`;
  return new MigrationError(
    'WIRE_PROTOCOL',
    `Column ${column.name} (type ${type}), byte ${position.bytesBefore + at} of the answer: ${what}.`,
  );
}

/** For a value that has no form here: names column and row (from 1, in the order of the result), never the value. */
export function unrepresentable(
  column: WireColumn,
  { position }: Pick<CellOptions, 'position'>,
  row: number,
  what: string,
): MigrationError {
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    `Column ${column.name}, row ${position.rowsBefore + row + 1}: ${what}.`,
  );
}
