import iconv from 'iconv-lite';
import { dateTimeText, fromUtc, offsetText, timeText } from '../clock.js';
import type { Cell, SqlType } from '../engine/types.js';
import { type ByteReader, protocolError } from './byte-reader.js';
import { collationByName } from './collation.js';
import { readDecimal } from './decimal.js';
import { daysBefore1970 } from './temporal.js';
import { timeBytes } from './type-info.js';
import type { ReadType } from './type-info-reader.js';

const plpNull = 0xffff_ffff_ffff_ffffn;
const dayMicros = 86_400_000_000n;

/**
 * Reads a parameter's value (MS-TDS 2.2.5.5) as the engine takes it. Throws `protocolError` on a value of
 * impossible length.
 */
export function readValue(reader: ByteReader, { type, framing }: ReadType): Cell {
  switch (framing) {
    case 'plp': {
      const bytes = readPlp(reader);
      return bytes === undefined ? null : decodeBytes(bytes, type);
    }
    case 'short': {
      const length = reader.u16();
      return length === 0xffff ? null : decodeBytes(reader.bytes(length), type);
    }
    case 'long': {
      const length = reader.i32();
      return length < 0 ? null : decodeBytes(reader.bytes(length), type);
    }
    case 'byte': {
      const length = reader.u8();
      return length === 0 ? null : readScalar(reader, type, length);
    }
    case 'fixed':
      return readScalar(reader, type, 0);
  }
}

/** PLP (MS-TDS 2.2.5.2.3): the chunks joined; undefined is NULL. The total may be unknown, so it is not used. */
function readPlp(reader: ByteReader): Buffer | undefined {
  if (reader.u64() === plpNull) {
    return undefined;
  }
  const chunks: Buffer[] = [];
  for (let length = reader.u32(); length > 0; length = reader.u32()) {
    chunks.push(reader.bytes(length));
  }
  return Buffer.concat(chunks);
}

function decodeBytes(bytes: Buffer, type: SqlType): Cell {
  switch (type.name) {
    case 'nchar':
    case 'nvarchar':
      return bytes.toString('utf16le');
    case 'char':
    case 'varchar':
      return iconv.decode(bytes, collationByName(type.collation).codePage);
    default:
      return new Uint8Array(bytes);
  }
}

/** A value whose length, where it has one, is known. `length` matters for decimal and times only. */
function readScalar(reader: ByteReader, type: SqlType, length: number): Cell {
  switch (type.name) {
    case 'bit':
      return reader.u8() !== 0;
    case 'tinyint':
      return reader.u8();
    case 'smallint':
      return reader.i16();
    case 'int':
      return reader.i32();
    case 'bigint':
      return reader.i64();
    case 'real':
      return reader.f32();
    case 'float':
      return reader.f64();
    case 'decimal':
      return readDecimal(reader, length);
    case 'smallmoney':
      return BigInt(reader.i32());
    case 'money':
      return (BigInt(reader.i32()) << 32n) | BigInt(reader.u32());
    case 'uniqueidentifier':
      return readGuid(reader);
    default:
      return readTemporal(reader, type);
  }
}

function readGuid(reader: ByteReader): string {
  const hex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();
  const first = hex(reader.bytes(4).reverse());
  const second = hex(reader.bytes(2).reverse());
  const third = hex(reader.bytes(2).reverse());
  return `${first}-${second}-${third}-${hex(reader.bytes(2))}-${hex(reader.bytes(6))}`;
}

function readTemporal(reader: ByteReader, type: SqlType): Cell {
  switch (type.name) {
    case 'date':
      return reader.u24() - daysBefore1970.year1;
    case 'time': {
      const ticks = readTicks(reader, type.scale);
      return type.scale === 7 ? timeText(ticks, 7) : BigInt(ticks / 10);
    }
    case 'datetime2': {
      const ticks = readTicks(reader, type.scale);
      const days = reader.u24() - daysBefore1970.year1;
      return type.scale === 7
        ? dateTimeText({ days, ticks, offset: 0 }, 7)
        : BigInt(days) * dayMicros + BigInt(ticks / 10);
    }
    case 'datetimeoffset': {
      const ticks = readTicks(reader, type.scale);
      const days = reader.u24() - daysBefore1970.year1;
      const local = fromUtc(days, ticks, reader.i16());
      return `${dateTimeText(local, type.scale)} ${offsetText(local.offset)}`;
    }
    case 'datetime': {
      const days = BigInt(reader.i32() - daysBefore1970.year1900);
      // SQL Server shows 1/300 s rounded to milliseconds, ending in 0, 3 or 7.
      return days * dayMicros + BigInt(Math.round((reader.u32() * 10) / 3)) * 1_000n;
    }
    case 'smalldatetime': {
      const days = BigInt(reader.u16() - daysBefore1970.year1900);
      return days * dayMicros + BigInt(reader.u16()) * 60_000_000n;
    }
    default:
      throw protocolError(`A parameter of type ${type.name} has the length of another type.`);
  }
}

/** Units of 100 ns since midnight. */
function readTicks(reader: ByteReader, scale: number): number {
  return reader.uint(timeBytes(scale)) * 10 ** (7 - scale);
}
