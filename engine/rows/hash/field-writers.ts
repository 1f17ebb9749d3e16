import { layoutOf } from '../column-batch.js';
import type { LogicalType } from '../types.js';
import type { FieldWriter } from './field.js';
import { writeHex, writePlainText, writeText } from './heap-fields.js';
import { floats, narrowDecimals, wideNumbers, writeBools, writeIntegers } from './number-fields.js';
import { dates, timestamps } from './time-fields.js';

/** How the canonical fields of a column are written, and their most bytes. */
export interface Field {
  readonly write: FieldWriter;
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

export function fieldOf(type: LogicalType): Field {
  switch (type.kind) {
    case 'bool':
      return { write: writeBools, mostBytes: 2, perHeapByte: 0 };
    case 'int':
    case 'decimal':
      return { write: numbers(type), mostBytes: 42, perHeapByte: 0 };
    case 'float':
      return { write: floats(type.bits), mostBytes: 17, perHeapByte: 0 };
    case 'date':
      return { write: dates(), mostBytes: dateBytes + 1, perHeapByte: 0 };
    case 'timestamp':
    case 'instant':
      if (type.precision === 7) return { write: writePlainText, mostBytes: 2, perHeapByte: 1 };
      return { write: timestamps(type.precision), mostBytes: dateBytes + clockBytes, perHeapByte: 0 };
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
      return { write: writePlainText, mostBytes: 2, perHeapByte: 1 };
    case 'text':
      return { write: writeText, mostBytes: countBytes, perHeapByte: 1 };
    case 'bytes':
      return { write: writeHex, mostBytes: countBytes, perHeapByte: 2 };
  }
}

function numbers(type: Extract<LogicalType, { kind: 'int' | 'decimal' }>): FieldWriter {
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const layout = layoutOf(type);
  if (layout === 'i64') return wideNumbers(2, scale);
  if (layout === 'i128') return wideNumbers(4, scale);
  return scale === 0 ? writeIntegers : narrowDecimals(scale);
}
