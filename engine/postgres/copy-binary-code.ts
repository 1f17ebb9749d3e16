import { layoutOf } from '../rows/column-batch.js';
import type { LogicalType } from '../rows/types.js';
import type { FieldCode } from './copy-binary-field.js';
import { numericCode } from './copy-binary-numeric.js';

/** PostgreSQL counts days and microseconds from 2000-01-01. */
const epochDays = 10_957;
const epochMicroseconds = 946_684_800_000_000n;

/** The binary form of each type by its receive function in PostgreSQL's src/backend/utils/adt. */
export function fieldCodeOf(type: LogicalType): FieldCode {
  switch (type.kind) {
    case 'bool':
      return fixed(1, (column, at) => `view.setInt8(${at}, data${column}[row]);`);
    case 'int':
      // No narrower type of PostgreSQL holds an unsigned byte.
      if (type.bits <= 16) return fixed(2, (column, at) => `view.setInt16(${at}, data${column}[row]);`);
      return type.bits === 32 ? days(0) : microseconds(0n);
    case 'decimal':
      return numericCode(type.precision, type.scale);
    case 'float': {
      const { bits } = type;
      return fixed(bits / 8, (column, at) => `view.setFloat${bits}(${at}, data${column}[row]);`);
    }
    case 'date':
      return days(epochDays);
    case 'timestamp':
    case 'instant':
      return microseconds(epochMicroseconds);
    case 'time':
      return fixed(8, (column, at) => `help.writeTime(view, ${at}, heap${column}, start, end);`, bounds);
    case 'uuid':
      return fixed(16, (column, at) => `help.writeUuid(bytes, ${at}, heap${column}, start);`, bounds);
    case 'offsetTimestamp':
      throw new TypeError('PostgreSQL has no type that keeps an offset');
    case 'text':
    case 'bytes':
      return bytesCode;
  }
}

/** Before the loop: what it reads of a column, in its own variables. */
export function columnVariables(type: LogicalType, column: number): string {
  const of = `columns[${column}]`;
  const variables = [`nulls${column} = ${of}.nulls`];
  if (layoutOf(type) !== 'var') return `const ${[...variables, `data${column} = ${of}.data`].join(', ')};`;
  const heap = `heap${column}`;
  return `const ${[
    ...variables,
    `ends${column} = ${of}.ends`,
    `${heap} = ${of}.heap`,
    `words${column} = new DataView(${heap}.buffer, ${heap}.byteOffset, ${heap}.length)`,
  ].join(', ')};`;
}

/** A value of `width` bytes, written by `put` to its place; `before` are statements that it needs. */
function fixed(
  width: number,
  put: (column: number, at: string) => string,
  before: (column: number) => string = () => '',
): FieldCode {
  return {
    write: (column) =>
      `${before(column)} view.setInt32(at, ${width}); ${put(column, 'at + 4')} at += ${4 + width};`,
    most: width,
  };
}

/** A 32-bit integer, less what PostgreSQL's count begins with. */
function days(epoch: number): FieldCode {
  return fixed(4, (column, at) => `view.setInt32(${at}, data${column}[row] - ${epoch});`);
}

/** A 64-bit integer in two words, less what PostgreSQL's count begins with. */
function microseconds(epoch: bigint): FieldCode {
  const [low, high] = [BigInt.asUintN(32, epoch), epoch >> 32n];
  return fixed(
    8,
    (column, at) =>
      `view.setInt32(${at}, data${column}[row * 2 + 1] - ${high} - (low < ${low} ? 1 : 0)); ` +
      `view.setInt32(${at} + 4, low - ${low});`,
    (column) => `const low = data${column}[row * 2] >>> 0;`,
  );
}

/** Where a row's bytes lie in the heap. */
function bounds(column: number): string {
  return `let start = row === 0 ? 0 : ends${column}[row - 1]; const end = ends${column}[row];`;
}

/** Bytes from which on a call of `copy` costs less than a loop: by measurement. */
const worthACall = 48;

/** text, varchar, json in UTF-8, and bytea: their bytes as they are, by words as far as they go. */
const bytesCode: FieldCode = {
  most: 0,
  write: (column) => `${bounds(column)}
      view.setInt32(at, end - start);
      at += 4;
      if (end - start >= ${worthACall}) { heap${column}.copy(bytes, at, start, end); at += end - start; }
      else {
        for (; start + 4 <= end; start += 4, at += 4) view.setInt32(at, words${column}.getInt32(start));
        for (; start < end; start++, at++) bytes[at] = heap${column}[start];
      }`,
};
