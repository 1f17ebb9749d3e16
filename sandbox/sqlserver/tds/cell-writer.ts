import type { Cell, SqlType } from '../engine/types.js';
import { parseVariant } from '../engine/variant.js';
import type { ByteWriter } from './byte-writer.js';
import { writeDecimal } from './decimal.js';
import { writePlp } from './plp-writer.js';
import {
  writeClock,
  writeDate,
  writeDateTime,
  writeDateTime2,
  writeSmallDateTime,
  writeTime,
} from './temporal.js';
import { encoderOf } from './text-encoder.js';
import { timeBytes, writeVariantBase } from './type-info.js';

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
    case 'smallmoney':
      return sized(4, (out, value) => out.u32(Number(value)));
    case 'money':
      return sized(8, writeMoney);
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
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      return clockWriter(type.name, type.scale);
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
    case 'varchar':
      return narrowWriter(type.length, type.name === 'char', encoderOf(type.collation));
    case 'rowversion':
      return binaryWriter(8, true);
    case 'xml':
      return wideWriter('max', false);
    case 'hierarchyid':
    case 'geography':
    case 'geometry':
      return binaryWriter('max', false);
    case 'sql_variant':
      return writeVariant;
    default:
      return compileLegacyWriter(type);
  }
}

function clockWriter(name: 'time' | 'datetime2' | 'datetimeoffset', scale: number): CellWriter {
  const bytes = timeBytes(scale);
  const length = bytes + { time: 0, datetime2: 3, datetimeoffset: 5 }[name];
  if (name === 'datetimeoffset' || scale === 7) {
    return (out, value) => {
      out.u8(length);
      writeClock(out, value as string, name, scale, bytes);
    };
  }
  if (name === 'time') {
    return (out, value) => {
      out.u8(length);
      writeTime(out, Number(value), scale, bytes);
    };
  }
  return (out, value) => {
    out.u8(length);
    writeDateTime2(out, value as bigint, scale, bytes);
  };
}

/** money: the high half first (MS-TDS 2.2.5.5.1.2). */
function writeMoney(out: ByteWriter, value: Cell): void {
  const units = value as bigint;
  out.u32(Number(units >> 32n));
  out.u32(Number(units & 0xffff_ffffn));
}

/** text, ntext and image: a pointer and a timestamp nobody looks at, then four bytes of length (MS-TDS 2.2.7.19). */
function compileLegacyWriter(type: SqlType): CellWriter {
  const write = legacyBytes(type);
  return (out, value) => {
    out.u8(legacyPointer.length);
    out.bytes(legacyPointer);
    out.fill(0, 8);
    const header = out.ensure(4);
    out.length = header + 4;
    write(out, value);
    out.buffer.writeInt32LE(out.length - header - 4, header);
  };
}

const legacyPointer = Buffer.from('dummy textptr\0\0\0', 'latin1');

function legacyBytes(type: SqlType): CellWriter {
  switch (type.name) {
    case 'text': {
      const encode = encoderOf(type.collation);
      return (out, value) => encode(out, value as string);
    }
    case 'ntext':
      return (out, value) => out.utf16(value as string);
    case 'image':
      return (out, value) => out.bytes(value as Uint8Array);
    default:
      throw new TypeError(`Type ${type.name} has no cells with a length.`);
  }
}

/** sql_variant: length of all that follows, base type, its properties, the value without a length of its own. */
function writeVariant(out: ByteWriter, cell: Cell): void {
  const { type, value } = parseVariant(cell as string);
  const header = out.ensure(4);
  out.length = header + 4;
  writeVariantBase(out, type);
  const start = out.length;
  compileCellWriter(type, false)(out, value);
  const prefix = lengthPrefix(type);
  out.buffer.copyWithin(start, start + prefix, out.length);
  out.length -= prefix;
  out.buffer.writeUInt32LE(out.length - header - 4, header);
}

function lengthPrefix(type: SqlType): 0 | 1 | 2 {
  if ('length' in type) return 2;
  return 'scale' in type || type.name === 'date' || type.name === 'uniqueidentifier' ? 1 : 0;
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
