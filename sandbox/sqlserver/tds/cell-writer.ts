import iconv from 'iconv-lite';
import type { Cell, SqlType } from '../engine/types.js';
import type { ByteWriter } from './byte-writer.js';
import { collationByName } from './collation.js';
import { writeDecimal } from './decimal.js';
import { writeDate, writeDateTime, writeDateTime2, writeSmallDateTime, writeTime } from './temporal.js';
import { timeBytes } from './type-info.js';

/** Writes one cell that is not NULL, its length included. NULLs are not written: rows with one are NBCROW. */
export type CellWriter = (out: ByteWriter, value: Exclude<Cell, null>) => void;

/**
 * Compiles the writer of a column's cells (MS-TDS 2.2.5.5), once per result so that nothing is decided per
 * cell. `nullable` must be what the column's TYPE_INFO said: cells of NOT NULL fixed-size types have no length.
 */
export function compileCellWriter(type: SqlType, nullable: boolean): CellWriter {
  const sized = (bytes: number, write: CellWriter): CellWriter =>
    nullable
      ? (out, value) => {
          out.u8(bytes);
          write(out, value);
        }
      : write;
  switch (type.name) {
    case 'bit':
      return sized(1, (out, value) => out.u8(value === true || value === 1 ? 1 : 0));
    case 'tinyint':
      return sized(1, (out, value) => out.u8(value as number));
    case 'smallint':
      return sized(2, (out, value) => out.u16(value as number));
    case 'int':
      return sized(4, (out, value) => out.u32(value as number));
    case 'bigint':
      return sized(8, (out, value) => out.u64(value as bigint));
    case 'real':
      return sized(4, writeReal);
    case 'float':
      return sized(8, writeFloat);
    case 'smalldatetime':
      return sized(4, (out, value) => writeSmallDateTime(out, value as bigint));
    case 'datetime':
      return sized(8, (out, value) => writeDateTime(out, value as bigint));
    default:
      return compileSizedWriter(type);
  }
}

/** Types whose cells always carry their length. */
function compileSizedWriter(type: SqlType): CellWriter {
  switch (type.name) {
    case 'date':
      return (out, value) => {
        out.u8(3);
        writeDate(out, value as number);
      };
    case 'time': {
      const bytes = timeBytes(type.scale);
      return (out, value) => {
        out.u8(bytes);
        writeTime(out, Number(value), type.scale, bytes);
      };
    }
    case 'datetime2': {
      const bytes = timeBytes(type.scale);
      return (out, value) => {
        out.u8(bytes + 3);
        writeDateTime2(out, value as bigint, type.scale, bytes);
      };
    }
    case 'decimal':
      return (out, value) => writeDecimal(out, value as bigint, type.precision);
    case 'uniqueidentifier':
      return writeGuid;
    case 'binary':
    case 'varbinary':
      return binaryWriter(type.length, type.name === 'binary');
    case 'nchar':
    case 'nvarchar':
      return wideWriter(type.length, type.name === 'nchar');
    case 'char':
    case 'varchar': {
      const utf8 = collationByName(type.collation).codePage === 'utf8';
      return narrowWriter(type.length, type.name === 'char', utf8 ? encodeUtf8 : encodeCp1252);
    }
    default:
      throw new TypeError(`Type ${type.name} has no cells with a length.`);
  }
}

function writeReal(out: ByteWriter, value: Cell): void {
  const at = out.ensure(4);
  out.buffer.writeFloatLE(value as number, at);
  out.length = at + 4;
}

function writeFloat(out: ByteWriter, value: Cell): void {
  const at = out.ensure(8);
  out.buffer.writeDoubleLE(value as number, at);
  out.length = at + 8;
}

/** Places of a GUID's 32 hex digits: its first three groups are little-endian (MS-TDS 2.2.5.5.1.9). */
const guidOrder = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34] as const;

function writeGuid(out: ByteWriter, value: Cell): void {
  const text = value as string;
  out.u8(16);
  for (const at of guidOrder) {
    out.u8(Number.parseInt(text.slice(at, at + 2), 16));
  }
}

/** PLP (MS-TDS 2.2.5.2.3): total length, one chunk, terminator; `write` adds the chunk's bytes. */
function writePlp(out: ByteWriter, write: () => void): void {
  const header = out.ensure(12);
  out.length = header + 12;
  write();
  const bytes = out.length - header - 12;
  out.buffer.writeBigUInt64LE(BigInt(bytes), header);
  if (bytes === 0) {
    // An empty chunk is the terminator itself.
    out.length = header + 8;
  } else {
    out.buffer.writeUInt32LE(bytes, header + 8);
  }
  out.u32(0);
}

function binaryWriter(length: number | 'max', padded: boolean): CellWriter {
  if (length === 'max') {
    return (out, value) => writePlp(out, () => out.bytes(value as Uint8Array));
  }
  return (out, value) => {
    const bytes = value as Uint8Array;
    const missing = padded ? Math.max(0, length - bytes.length) : 0;
    out.u16(bytes.length + missing);
    out.bytes(bytes);
    out.fill(0, missing);
  };
}

function wideWriter(length: number | 'max', padded: boolean): CellWriter {
  if (length === 'max') {
    return (out, value) => writePlp(out, () => out.utf16(value as string));
  }
  return (out, value) => {
    const text = padded ? (value as string).padEnd(length) : (value as string);
    out.u16(text.length * 2);
    out.utf16(text);
  };
}

function narrowWriter(
  length: number | 'max',
  padded: boolean,
  encode: (out: ByteWriter, text: string) => void,
): CellWriter {
  if (length === 'max') {
    return (out, value) => writePlp(out, () => encode(out, value as string));
  }
  const padTo = padded ? length : 0;
  return (out, value) => {
    const header = out.ensure(2);
    out.length = header + 2;
    encode(out, value as string);
    const missing = padTo - (out.length - header - 2);
    if (missing > 0) {
      out.fill(0x20, missing);
    }
    out.buffer.writeUInt16LE(out.length - header - 2, header);
  };
}

/** Bytes 00-7F and A0-FF are the same in Unicode and in code page 1252; what has no place in it becomes '?'. */
function encodeCp1252(out: ByteWriter, text: string): void {
  const at = out.ensure(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80 && (unit < 0xa0 || unit > 0xff)) {
      out.bytes(iconv.encode(text, 'cp1252'));
      return;
    }
    out.buffer[at + i] = unit;
  }
  out.length = at + text.length;
}

function encodeUtf8(out: ByteWriter, text: string): void {
  const at = out.ensure(text.length * 3);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      out.length = at + out.buffer.write(text, at, 'utf8');
      return;
    }
    out.buffer[at + i] = unit;
  }
  out.length = at + text.length;
}
