import bindings from '@duckdb/node-bindings';
import type { Cell, Column } from '../rows/types.js';
import { layoutOf, type VectorLayout } from './vector-types.js';

/** Reads the first `count` values of a vector into cells. */
export type VectorRead = (vector: bindings.Vector, count: number) => Cell[];

/** A reader for one column's vectors; `column` must have the very type of the vector. */
export function vectorRead(column: Column): VectorRead {
  const layout = layoutOf(column.type);
  const { kind } = column.type;
  if (layout === 'text') return withNulls(textReader);
  if (layout === 'int128') return withNulls(int128Reader);
  const open = fixedReaders[layout];
  if (kind === 'bool') return withNulls(boolReader);
  return withNulls(kind === 'decimal' && layout !== 'int64' ? asBigint(open) : open);
}

type ValueReader = (vector: bindings.Vector, count: number) => (row: number) => Cell;

/** All values first, NULLs after: most vectors have none. */
function withNulls(open: ValueReader): VectorRead {
  return (vector, count) => {
    const cells = new Array<Cell>(count);
    const valid = bindings.vector_get_validity(vector, Math.ceil(count / 64) * 8);
    const read = open(vector, count);
    for (let row = 0; row < count; row += 1) {
      const isNull = valid && ((valid[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
      cells[row] = isNull ? null : read(row);
    }
    return cells;
  };
}

function bytes(vector: bindings.Vector, length: number): Uint8Array<ArrayBuffer> {
  return bindings.vector_get_data(vector, length) as Uint8Array<ArrayBuffer>;
}

const boolReader: ValueReader = (vector, count) => {
  const data = bytes(vector, count);
  return (row) => data[row] !== 0;
};

const fixedReaders = {
  bool: boolReader,
  uint8: (vector, count) => {
    const data = bytes(vector, count);
    return (row) => data[row] as number;
  },
  int16: (vector, count) => {
    const data = bytes(vector, count * 2);
    const items = new Int16Array(data.buffer, data.byteOffset, count);
    return (row) => items[row] as number;
  },
  int32: (vector, count) => {
    const data = bytes(vector, count * 4);
    const items = new Int32Array(data.buffer, data.byteOffset, count);
    return (row) => items[row] as number;
  },
  int64: (vector, count) => {
    const data = bytes(vector, count * 8);
    const items = new BigInt64Array(data.buffer, data.byteOffset, count);
    return (row) => items[row] as bigint;
  },
} as const satisfies Record<Exclude<VectorLayout, 'text' | 'int128'>, ValueReader>;

function asBigint(open: ValueReader): ValueReader {
  return (vector, count) => {
    const read = open(vector, count);
    return (row) => BigInt(read(row) as number);
  };
}

const int128Reader: ValueReader = (vector, count) => {
  const data = bytes(vector, count * 16);
  const high = new BigInt64Array(data.buffer, data.byteOffset, count * 2);
  const low = new BigUint64Array(data.buffer, data.byteOffset, count * 2);
  return (row) => ((high[row * 2 + 1] as bigint) << 64n) | (low[row * 2] as bigint);
};

/** duckdb_string_t: length, then 12 bytes in place, or a prefix and a pointer. */
const stringBytes = 16;
const inlineBytes = 12;

/** Decoded here, as the library's own reader drops a leading U+FEFF. */
const textReader: ValueReader = (vector, count) => {
  const data = bytes(vector, count * stringBytes);
  const all = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return (row) => {
    const at = row * stringBytes;
    const length = all.readUInt32LE(at);
    if (length <= inlineBytes) return all.toString('utf8', at + 4, at + 4 + length);
    const far = bindings.get_data_from_pointer(data.buffer, data.byteOffset + at + 8, length);
    return Buffer.from(far.buffer, far.byteOffset, far.byteLength).toString('utf8');
  };
};
