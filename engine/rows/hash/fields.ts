import { type ColumnVector, layoutOf } from '../column-batch.js';
import type { LogicalType } from '../types.js';
import { dayTooFar } from '../wall-clock.js';
import type { RowModule } from './row-module.js';

/** How the canonical fields of a column are written, and their most bytes. */
export interface Field {
  /** Writes those of the first rows in the module, where their column lies; `nullable` false: none of them is NULL. */
  readonly write: (module: RowModule, rows: number, nullable: boolean) => void;
  /** Apart from what lies in the heap. */
  readonly mostBytes: number;
  /** Written for each byte in the heap. */
  readonly perHeapByte: 0 | 1 | 2;
}

/** The most characters of a day: those of one before the year 0000, as transforms can give. */
const dateBytes = 13;
const clockBytes = 17;
/** A length, a colon and a semicolon. */
const countBytes = 12;
/** A sign, 39 digits, a point and a semicolon; of all fraction a zero too, but 38 digits. */
const numberBytes = 42;

export function fieldOf(type: LogicalType): Field {
  switch (type.kind) {
    case 'bool':
      return plain(2, ({ call }, rows, nullable) => call.writeBools(rows, nullable));
    case 'int':
    case 'decimal': {
      const width = bytesOf[layoutOf(type)];
      const scale = type.kind === 'decimal' ? type.scale : 0;
      return plain(numberBytes, ({ call }, rows, nullable) =>
        call.writeNumbers(rows, nullable, width, scale),
      );
    }
    case 'float': {
      const width = type.bits / 8;
      return plain(17, ({ call }, rows, nullable) => call.writeFloats(rows, nullable, width));
    }
    case 'date':
      return plain(dateBytes + 1, ({ call }, rows, nullable) => refuse(call.writeDates(rows, nullable)));
    case 'timestamp':
    case 'instant': {
      const { precision } = type;
      if (precision === 7) return plainText;
      return plain(dateBytes + clockBytes, ({ call }, rows, nullable) =>
        refuse(call.writeTimestamps(rows, nullable, precision)),
      );
    }
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
      return plainText;
    case 'text':
      return {
        write: ({ call }, rows, nullable) => call.writeHeap(rows, nullable, 1),
        mostBytes: countBytes,
        perHeapByte: 1,
      };
    case 'bytes':
      return {
        write: ({ call }, rows, nullable) => call.writeHeap(rows, nullable, 2),
        mostBytes: countBytes,
        perHeapByte: 2,
      };
  }
}

const plainText: Field = {
  write: ({ call }, rows, nullable) => call.writeHeap(rows, nullable, 0),
  mostBytes: 2,
  perHeapByte: 1,
};

function plain(mostBytes: number, write: Field['write']): Field {
  return { write, mostBytes, perHeapByte: 0 };
}

const bytesOf = { u8: 1, i16: 2, i32: 4, i64: 8, i128: 16, f32: 4, f64: 8, var: 0 } as const;

/** `row` is one whose day is too far away to be written, or -1. */
function refuse(row: number): void {
  if (row >= 0) throw dayTooFar();
}

/** Has a column's rows from `from` up to `to` lie in the module. */
export function load(module: RowModule, vector: ColumnVector, from: number, to: number): void {
  if (vector.nullCount > 0) module.nulls.set(vector.nulls.subarray(from, to));
  if (vector.layout === 'var') {
    loadEnds(module, vector.ends, from, to);
    const { ends } = module;
    module.heap.set(vector.heap.subarray(ends[0], ends[to - from]));
    return;
  }
  const { data } = vector;
  const bytes = bytesOf[vector.layout];
  module.data.set(new Uint8Array(data.buffer, data.byteOffset + from * bytes, (to - from) * bytes));
}

/** Of a column with a heap, where its rows end there. */
export function loadEnds({ ends }: RowModule, of: Int32Array, from: number, to: number): void {
  ends[0] = from === 0 ? 0 : (of[from - 1] as number);
  ends.set(of.subarray(from, to), 1);
}
