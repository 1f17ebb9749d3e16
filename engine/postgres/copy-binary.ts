import { batchRows, type ColumnBatch, type ColumnVector } from '../rows/column-batch.js';
import type { Column, LogicalType } from '../rows/types.js';
import type { FieldForm, TupleSpace } from './copy-binary-field.js';
import {
  boolForm,
  dateForm,
  float4Form,
  float8Form,
  int2Form,
  int4Form,
  int8Form,
  timestampForm,
} from './copy-binary-fixed.js';
import { numericForm } from './copy-binary-numeric.js';
import { bytesForm, timeForm, uuidForm } from './copy-binary-var.js';

/** What COPY binary begins with: its signature, no flags, no extension. */
export const copyBinaryHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What ends it: a tuple of -1 fields. */
export const copyBinaryTrailer = Buffer.from([0xff, 0xff]);

/** Bytes after which what there is becomes a buffer, so that the socket has work while the rest is encoded. */
const bufferBytes = 256 * 1024;

/** Gives the tuples of a batch, without the rows of `leftOut`, in buffers of their own. */
export type CopyBinaryEncoder = (
  batch: ColumnBatch,
  leftOut: { has(row: number): boolean },
) => Generator<Buffer>;

/**
 * Builds the encoder of COPY binary's tuples for rows of one shape, in the layouts of PostgreSQL's types; the chunk's
 * id, a bigint, is the last field of each. What the target cannot hold must have been left out before: see `convert`.
 * @see https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
 */
export function createCopyBinaryEncoder(
  columns: readonly Pick<Column, 'type'>[],
  chunkId: string,
): CopyBinaryEncoder {
  const forms = columns.map(({ type }) => formOf(type));
  const sizes = new Int32Array(batchRows);
  const at = new Int32Array(batchRows);
  const chunk = BigInt(chunkId);

  function writeRun(
    batch: ColumnBatch,
    from: number,
    to: number,
    leftOut: { has(row: number): boolean },
  ): Buffer {
    const { kept, whole } = placeRows(sizes, at, from, to, leftOut);
    // Of its own: buffers that came back once the socket is done with them would save 6 % of the encoding.
    const bytes = Buffer.allocUnsafeSlow(whole);
    const space = { bytes, view: new DataView(bytes.buffer, 0, whole), at };
    beginTuples(space, columns.length + 1, from, to);
    for (const [index, form] of forms.entries())
      form.write(batch.columns[index] as ColumnVector, space, from, to);
    endTuples(space, chunk, from, to);
    return bytes.subarray(0, kept);
  }

  return function* (batch, leftOut) {
    sizeTuples(batch, forms, sizes);
    for (let from = 0, to = 0; from < batch.rows; from = to) {
      for (let bytes = 0; to < batch.rows && bytes < bufferBytes; to++) bytes += sizes[to] as number;
      const run = writeRun(batch, from, to, leftOut);
      if (run.length > 0) yield run;
    }
  };
}

/** The binary form of each type by its receive function in PostgreSQL's src/backend/utils/adt. */
function formOf(type: LogicalType): FieldForm {
  switch (type.kind) {
    case 'bool':
      return boolForm;
    case 'int':
      return { 8: int2Form, 16: int2Form, 32: int4Form, 64: int8Form }[type.bits];
    case 'decimal':
      return numericForm(type.precision, type.scale);
    case 'float':
      return type.bits === 32 ? float4Form : float8Form;
    case 'date':
      return dateForm;
    case 'timestamp':
    case 'instant':
      return timestampForm;
    case 'time':
      return timeForm;
    case 'uuid':
      return uuidForm;
    case 'offsetTimestamp':
      throw new TypeError('PostgreSQL has no type that keeps an offset');
    case 'text':
    case 'bytes':
      return bytesForm;
  }
}

const countBytes = 2;
const chunkBytes = 12;

function sizeTuples({ rows, columns }: ColumnBatch, forms: readonly FieldForm[], sizes: Int32Array): void {
  const fixed = forms.reduce((sum, { width }) => sum + 4 + width, countBytes + chunkBytes);
  sizes.fill(fixed, 0, rows);
  for (const [index, { width, grow }] of forms.entries()) {
    const vector = columns[index] as ColumnVector;
    if (vector.nullCount > 0 && width > 0)
      for (let row = 0; row < rows; row++)
        if (vector.nulls[row] === 1) sizes[row] = (sizes[row] as number) - width;
    grow?.(vector, sizes, rows);
  }
}

/** Rows that are left out lie behind all others, where they are written like them and given to nobody. */
function placeRows(
  sizes: Int32Array,
  at: Int32Array,
  from: number,
  to: number,
  leftOut: { has(row: number): boolean },
): { readonly kept: number; readonly whole: number } {
  let kept = 0;
  const behind: number[] = [];
  for (let row = from; row < to; row++) {
    if (leftOut.has(row)) behind.push(row);
    else {
      at[row] = kept;
      kept += sizes[row] as number;
    }
  }
  let whole = kept;
  for (const row of behind) {
    at[row] = whole;
    whole += sizes[row] as number;
  }
  return { kept, whole };
}

function beginTuples({ view, at }: TupleSpace, fields: number, from: number, to: number): void {
  for (let row = from; row < to; row++) {
    const place = at[row] as number;
    view.setInt16(place, fields);
    at[row] = place + countBytes;
  }
}

function endTuples({ view, at }: TupleSpace, chunk: bigint, from: number, to: number): void {
  const high = Number(chunk >> 32n);
  const low = Number(BigInt.asIntN(32, chunk));
  for (let row = from; row < to; row++) {
    const place = at[row] as number;
    view.setInt32(place, 8);
    view.setInt32(place + 4, high);
    view.setInt32(place + 8, low);
    at[row] = place + chunkBytes;
  }
}
