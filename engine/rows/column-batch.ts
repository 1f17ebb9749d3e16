import type { Column, LogicalType } from './types.js';

/** The most rows of one batch: as many as a vector of DuckDB holds. */
export const batchRows = 2048;

/**
 * How a column's values lie in memory, which is how DuckDB's vectors hold them: `i64` and `i128` as 32-bit words, the
 * lowest first (two's complement), as a bigint for each value would cost more than all else; `var` as bytes in a heap.
 */
export type Layout = 'u8' | 'i16' | 'i32' | 'i64' | 'i128' | 'f32' | 'f64' | 'var';

/**
 * The layout of a type's values. date: days since 1970-01-01. timestamp up to microseconds, and instant: microseconds
 * since 1970-01-01 00:00:00 (of UTC for an instant). decimal: unscaled. As UTF-8 text, which is also how they rest in
 * Parquet, what not every engine holds: time `23:59:59.1234567`, timestamp(7) `2025-01-31 23:59:59.1234567`,
 * offsetTimestamp `2025-01-31 23:59:59.1234567 +02:00` (local time; all digits of the precision, no point for 0), uuid
 * in lower case.
 */
export function layoutOf(type: LogicalType): Layout {
  switch (type.kind) {
    case 'bool':
      return 'u8';
    case 'int':
      return ({ 8: 'u8', 16: 'i16', 32: 'i32', 64: 'i64' } as const)[type.bits];
    case 'decimal':
      if (type.precision <= 4) return 'i16';
      if (type.precision <= 9) return 'i32';
      return type.precision <= 18 ? 'i64' : 'i128';
    case 'float':
      return type.bits === 32 ? 'f32' : 'f64';
    case 'date':
      return 'i32';
    case 'timestamp':
      return type.precision === 7 ? 'var' : 'i64';
    case 'instant':
      return 'i64';
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
    case 'text':
    case 'bytes':
      return 'var';
  }
}

interface Nulls {
  /** 1 where a row is NULL; its value is then not read. */
  readonly nulls: Uint8Array;
  /** While 0, `nulls` is all zero. */
  nullCount: number;
}

interface ByteVector extends Nulls {
  readonly layout: 'u8';
  readonly data: Uint8Array;
}
interface ShortVector extends Nulls {
  readonly layout: 'i16';
  readonly data: Int16Array;
}
/** One word a row, or two (`i64`) or four (`i128`), the lowest first. */
export interface WordVector extends Nulls {
  readonly layout: 'i32' | 'i64' | 'i128';
  readonly data: Int32Array;
}
export interface FloatVector extends Nulls {
  readonly layout: 'f32' | 'f64';
  readonly data: Float32Array | Float64Array;
}
/** Row r's bytes are `heap[ends[r - 1] (0 for the first row) .. ends[r]]`; a NULL has none. */
export interface VarVector extends Nulls {
  readonly layout: 'var';
  readonly ends: Int32Array;
  /** Replaced by a larger one when it grows: hold it no longer than one batch. */
  heap: Buffer;
}
export type ColumnVector = ByteVector | ShortVector | WordVector | FloatVector | VarVector;

/**
 * Column-major rows. Whoever gets a batch may read it until it says that it is done with it (its promise settles, or it
 * asks for the next): then the same memory holds other rows.
 */
export interface ColumnBatch {
  rows: number;
  readonly columns: readonly ColumnVector[];
}

/** 32-bit words of a value. */
export const wordsOf = { i32: 1, i64: 2, i128: 4 } as const;

/** Bytes of a value. */
export function widthOf({ layout, data }: Exclude<ColumnVector, VarVector>): number {
  const elements = layout === 'i32' || layout === 'i64' || layout === 'i128' ? wordsOf[layout] : 1;
  return elements * data.BYTES_PER_ELEMENT;
}

const firstHeapBytes = 32 * 1024;

/** An empty batch for rows of these columns. */
export function createBatch(columns: readonly Pick<Column, 'type'>[]): ColumnBatch {
  return { rows: 0, columns: columns.map(({ type }) => createVector(layoutOf(type))) };
}

export function createVector(layout: Layout): ColumnVector {
  const common = { nulls: new Uint8Array(batchRows), nullCount: 0 };
  switch (layout) {
    case 'u8':
      return { ...common, layout, data: new Uint8Array(batchRows) };
    case 'i16':
      return { ...common, layout, data: new Int16Array(batchRows) };
    case 'i32':
    case 'i64':
    case 'i128':
      return { ...common, layout, data: new Int32Array(batchRows * wordsOf[layout]) };
    case 'f32':
      return { ...common, layout, data: new Float32Array(batchRows) };
    case 'f64':
      return { ...common, layout, data: new Float64Array(batchRows) };
    case 'var':
      return { ...common, layout, ends: new Int32Array(batchRows), heap: Buffer.allocUnsafe(firstHeapBytes) };
  }
}

/** Makes the batch empty; its memory stays. */
export function clearBatch(batch: ColumnBatch): void {
  batch.rows = 0;
  for (const vector of batch.columns) {
    if (vector.nullCount > 0) vector.nulls.fill(0);
    vector.nullCount = 0;
  }
}

/** Has the heap take at least `bytes` in all; what was written before stays. */
export function reserveHeap(vector: VarVector, bytes: number): void {
  if (bytes <= vector.heap.length) return;
  const grown = Buffer.allocUnsafeSlow(Math.max(bytes, vector.heap.length * 2));
  vector.heap.copy(grown);
  vector.heap = grown;
}

/** Where a row's bytes begin in the heap. */
export function startOf(vector: VarVector, row: number): number {
  return row === 0 ? 0 : (vector.ends[row - 1] as number);
}
