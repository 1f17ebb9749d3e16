import { cellText } from '../../../rows/cell-text.js';
import { cellAt } from '../../../rows/cells.js';
import {
  type ColumnVector,
  createVector,
  layoutOf,
  reserveHeap,
  startOf,
  type VarVector,
} from '../../../rows/column-batch.js';
import type { Cell } from '../../../rows/types.js';
import {
  type CellDecoder,
  type CellOptions,
  malformed,
  type WireColumn,
  writeNull,
} from '../cell-decoder.js';
import { textWriter } from './char-writer.js';
import { fixedDecoders } from './fixed.js';
import type { ValueWriter } from './value-writer.js';
import { type BaseType, baseTypes, headerOf, type VariantHeader } from './variant-base.js';
import { vectorOf } from './vectors.js';

const lengthBytes = 4;
const writersKept = 256;

/**
 * sql_variant (MS-TDS 2.2.5.5.4): a length in four bytes, 0 for NULL, then base type, properties and value. It becomes
 * the text of its base type, as `cellText` prints it. Text that is no valid text fails or is replaced: a column that
 * holds numbers too cannot become bytes.
 */
export function variantDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const most = Math.min(column.length, options.maxValueBytes);
  const target = vectorOf(vector, 'var');
  const writers = new Map<string, ValueWriter>();

  const writerFor = (header: VariantHeader): ValueWriter => {
    let writer = writers.get(header.key);
    if (writer === undefined) {
      // A hostile server could name a new collation for every value.
      if (writers.size === writersKept) writers.clear();
      writer = baseWriter(column, header, target, options);
      writers.set(header.key, writer);
    }
    return writer;
  };

  return (bytes, at, end, row) => {
    const from = at + lengthBytes;
    if (from > end) return -lengthBytes;
    const length = bytes.readUInt32LE(at);
    if (length === 0) {
      writeNull(target, row);
      return from;
    }
    if (length > most)
      throw malformed(column, options, at, `a value of ${length} bytes, where ${most} is the most`);
    const to = from + length;
    if (to > end) return at - to;
    const header = headerOf(column, bytes, from, to, options);
    writerFor(header)(bytes, header.end, to, row);
    return to;
  };
}

function baseWriter(
  column: WireColumn,
  header: VariantHeader,
  vector: VarVector,
  options: CellOptions,
): ValueWriter {
  const base = baseTypes.get(header.column.typeId) as BaseType;
  switch (base.content) {
    case 'text':
      return textWriter(
        header.column,
        vector,
        options.invalidText === 'bytes' ? { ...options, invalidText: 'fail' } : options,
      );
    case 'bytes': {
      const text = cellText({ kind: 'bytes' });
      return (bytes, from, to, row) => putText(vector, row, text(bytes.subarray(from, to)));
    }
    default:
      return fixedWriter(column, header, base, vector, options);
  }
}

/** Through the decoder of the base type, into a vector of one row. */
function fixedWriter(
  column: WireColumn,
  header: VariantHeader,
  base: BaseType,
  vector: VarVector,
  options: CellOptions,
): ValueWriter {
  const type = base.logicalType(header.column);
  const single = createVector(layoutOf(type));
  const position = { rowsBefore: 0, bytesBefore: 0 };
  const decode = fixedDecoders.get(header.column.typeId)?.(header.column, single, { ...options, position });
  if (decode === undefined) throw new RangeError(`No decoder of base type ${header.column.typeId}`);
  const text = cellText(type);
  // Some types have a length byte in front everywhere but here.
  const prefix = base.content === 'sized' ? 1 : 0;
  return (bytes, from, to, row) => {
    const value = Buffer.allocUnsafe(prefix + to - from);
    if (prefix === 1) value[0] = to - from;
    bytes.copy(value, prefix, from, to);
    position.rowsBefore = options.position.rowsBefore + row;
    position.bytesBefore = options.position.bytesBefore + from - prefix;
    if (to === from || decode(value, 0, value.length, 0) !== value.length)
      throw malformed(column, options, from, `a ${base.name} of ${to - from} bytes in a sql_variant`);
    putText(vector, row, text(cellAt(type, single, 0) as Exclude<Cell, null>));
  };
}

function putText(vector: VarVector, row: number, text: string): void {
  const start = startOf(vector, row);
  const end = start + text.length;
  reserveHeap(vector, end);
  vector.heap.write(text, start, 'latin1');
  vector.ends[row] = end;
}
