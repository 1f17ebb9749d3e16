import { MigrationError } from '../errors.js';
import {
  batchRows,
  type ColumnBatch,
  type ColumnVector,
  createBatch,
  reserveHeap,
  startOf,
  type VarVector,
} from './column-batch.js';
import type { Cell, Column, LogicalType } from './types.js';
import { isWellFormed } from './well-formed.js';

type TypedColumn = Pick<Column, 'type'>;

/** The value of one row as a cell, of its own memory: for slow paths and tests, as each call may allocate. */
export function cellAt(type: LogicalType, vector: ColumnVector, row: number): Cell {
  if (vector.nulls[row] === 1) return null;
  switch (vector.layout) {
    case 'u8':
      return type.kind === 'bool' ? vector.data[row] === 1 : (vector.data[row] as number);
    case 'f32':
    case 'f64':
      return vector.data[row] as number;
    case 'i16':
    case 'i32': {
      const value = vector.data[row] as number;
      return type.kind === 'decimal' ? BigInt(value) : value;
    }
    case 'i64':
      return wordsAt(vector.data, row * 2, 2);
    case 'i128':
      return wordsAt(vector.data, row * 4, 4);
    case 'var': {
      const bytes = vector.heap.subarray(startOf(vector, row), vector.ends[row]);
      return type.kind === 'bytes' ? new Uint8Array(bytes) : bytes.toString('utf8');
    }
  }
}

/**
 * Writes a cell, whose form is that of `Cell`, into its column. Rows of a column are written in sequence, each once.
 * @throws MigrationError VALUE_UNREPRESENTABLE for text with a lone surrogate, which has no UTF-8 form.
 */
export function putCell(type: LogicalType, vector: ColumnVector, row: number, cell: Cell): void {
  if (cell === null) {
    vector.nulls[row] = 1;
    vector.nullCount++;
    if (vector.layout === 'var') vector.ends[row] = startOf(vector, row);
    return;
  }
  switch (vector.layout) {
    case 'u8':
    case 'i16':
    case 'i32':
    case 'f32':
    case 'f64':
      vector.data[row] = Number(cell);
      return;
    case 'i64':
      putWords(vector.data, row * 2, 2, BigInt(cell as bigint));
      return;
    case 'i128':
      putWords(vector.data, row * 4, 4, BigInt(cell as bigint));
      return;
    case 'var':
      putBytes(vector, row, type.kind === 'bytes' ? (cell as Uint8Array) : utf8(cell as string));
  }
}

/**
 * A batch of its own out of row-major cells.
 * @throws RangeError for more than `batchRows` rows.
 */
export function batchOf(columns: readonly TypedColumn[], rows: readonly (readonly Cell[])[]): ColumnBatch {
  if (rows.length > batchRows) throw new RangeError(`A batch holds ${batchRows} rows, not ${rows.length}`);
  const batch = createBatch(columns);
  batch.rows = rows.length;
  for (const [index, { type }] of columns.entries()) {
    const vector = batch.columns[index] as ColumnVector;
    for (const [row, cells] of rows.entries()) putCell(type, vector, row, cells[index] ?? null);
  }
  return batch;
}

/** Row-major cells of a batch. */
export function rowsOf(columns: readonly TypedColumn[], batch: ColumnBatch): Cell[][] {
  return Array.from({ length: batch.rows }, (_, row) =>
    columns.map(({ type }, index) => cellAt(type, batch.columns[index] as ColumnVector, row)),
  );
}

function wordsAt(data: Int32Array, at: number, words: number): bigint {
  let value = BigInt(data[at + words - 1] as number);
  for (let word = words - 2; word >= 0; word--) {
    value = (value << 32n) | BigInt((data[at + word] as number) >>> 0);
  }
  return value;
}

function putWords(data: Int32Array, at: number, words: number, value: bigint): void {
  for (let word = 0; word < words; word++) {
    data[at + word] = Number(BigInt.asIntN(32, value >> BigInt(32 * word)));
  }
}

function putBytes(vector: VarVector, row: number, bytes: Uint8Array): void {
  const start = startOf(vector, row);
  const end = start + bytes.length;
  reserveHeap(vector, end);
  vector.heap.set(bytes, start);
  vector.ends[row] = end;
}

function utf8(text: string): Uint8Array {
  if (isWellFormed(text)) return Buffer.from(text, 'utf8');
  throw new MigrationError(
    'VALUE_UNREPRESENTABLE',
    'A text is not valid UTF-16 (it has a lone surrogate), which UTF-8 cannot carry. Repair the value at the source.',
  );
}
