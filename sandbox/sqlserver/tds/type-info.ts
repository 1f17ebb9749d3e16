import { SqlServerError, type SqlType } from '../engine/types.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { collationByBytes, collationByName, defaultCollation } from './collation.js';

/** Data type tokens (MS-TDS 2.2.5.4). */
const token = {
  int1: 0x30,
  bit: 0x32,
  int2: 0x34,
  int4: 0x38,
  smallDateTime: 0x3a,
  real: 0x3b,
  dateTime: 0x3d,
  float: 0x3e,
  int8: 0x7f,
  image: 0x22,
  text: 0x23,
  guid: 0x24,
  intN: 0x26,
  date: 0x28,
  time: 0x29,
  dateTime2: 0x2a,
  dateTimeOffset: 0x2b,
  money: 0x3c,
  smallMoney: 0x7a,
  moneyN: 0x6e,
  variant: 0x62,
  udt: 0xf0,
  xml: 0xf1,
  ntext: 0x63,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  dateTimeN: 0x6f,
  varBinary: 0xa5,
  varChar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nVarChar: 0xe7,
  nChar: 0xef,
} as const;

/** Length that stands for (max) in a TYPE_INFO. */
const maxLength = 0xffff;

/** How a fixed-size type looks: its token when NOT NULL, its token when nullable, its bytes. */
const fixedTypes = {
  bit: [token.bit, token.bitN, 1],
  tinyint: [token.int1, token.intN, 1],
  smallint: [token.int2, token.intN, 2],
  int: [token.int4, token.intN, 4],
  bigint: [token.int8, token.intN, 8],
  real: [token.real, token.floatN, 4],
  float: [token.float, token.floatN, 8],
  smalldatetime: [token.smallDateTime, token.dateTimeN, 4],
  datetime: [token.dateTime, token.dateTimeN, 8],
  smallmoney: [token.smallMoney, token.moneyN, 4],
  money: [token.money, token.moneyN, 8],
} as const;

const clockTokens = {
  time: token.time,
  datetime2: token.dateTime2,
  datetimeoffset: token.dateTimeOffset,
} as const;

/** Longest values of text and image, of sql_variant, and of a UDT that SQL Server brings along (MS-TDS 2.2.5.4). */
const longest = { legacy: 0x7fff_ffff, variant: 8_009, hierarchyid: 892, spatial: maxLength } as const;
const assembly =
  'Microsoft.SqlServer.Types, Version=11.0.0.0, Culture=neutral, PublicKeyToken=89845dcd8080cc91';
const udtClasses = {
  hierarchyid: 'SqlHierarchyId',
  geography: 'SqlGeography',
  geometry: 'SqlGeometry',
} as const;

const textTokens = {
  char: token.char,
  varchar: token.varChar,
  nchar: token.nChar,
  nvarchar: token.nVarChar,
  binary: token.binary,
  varbinary: token.varBinary,
} as const;

/** Bytes of a decimal's sign and magnitude, by its precision (MS-TDS 2.2.5.5.1.6). */
export function decimalBytes(precision: number): 5 | 9 | 13 | 17 {
  return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
}

/** Bytes of a time of day, by its fractional digits (MS-TDS 2.2.5.5.1.8). */
export function timeBytes(scale: number): 3 | 4 | 5 {
  return scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
}

/**
 * Writes a TYPE_INFO (MS-TDS 2.2.5.6). As SQL Server does, a NOT NULL column of a fixed-size type has the type
 * without a length, whose cells then have none either.
 */
export function writeTypeInfo(out: ByteWriter, type: SqlType, nullable: boolean): void {
  switch (type.name) {
    case 'date':
      out.u8(token.date);
      return;
    case 'time':
    case 'datetime2':
    case 'datetimeoffset':
      out.u8(clockTokens[type.name]);
      out.u8(type.scale);
      return;
    case 'uniqueidentifier':
      out.u8(token.guid);
      out.u8(16);
      return;
    case 'decimal':
      out.u8(type.synonym === undefined ? token.decimalN : token.numericN);
      out.u8(decimalBytes(type.precision));
      out.u8(type.precision);
      out.u8(type.scale);
      return;
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
      out.u8(textTokens[type.name]);
      out.u16(byteLength(type.length, type.name === 'nchar' || type.name === 'nvarchar' ? 2 : 1));
      out.bytes(collationByName(type.collation).bytes);
      return;
    case 'binary':
    case 'varbinary':
      out.u8(textTokens[type.name]);
      out.u16(byteLength(type.length, 1));
      return;
    case 'rowversion':
      out.u8(token.binary);
      out.u16(8);
      return;
    default:
      writeOtherTypeInfo(out, type, nullable);
  }
}

function writeOtherTypeInfo(out: ByteWriter, type: SqlType, nullable: boolean): void {
  switch (type.name) {
    case 'text':
    case 'ntext':
      out.u8(token[type.name]);
      out.u32(longest.legacy);
      out.bytes(collationByName(type.collation).bytes);
      return;
    case 'image':
      out.u8(token.image);
      out.u32(longest.legacy);
      return;
    case 'sql_variant':
      out.u8(token.variant);
      out.u32(longest.variant);
      return;
    case 'xml':
      // No schema collection follows.
      out.u8(token.xml);
      out.u8(0);
      return;
    case 'hierarchyid':
    case 'geography':
    case 'geometry':
      out.u8(token.udt);
      out.u16(type.name === 'hierarchyid' ? longest.hierarchyid : longest.spatial);
      for (const part of ['', 'sys', type.name]) out.byteText(part);
      out.shortText(`Microsoft.SqlServer.Types.${udtClasses[type.name]}, ${assembly}`);
      return;
    default: {
      const [notNull, nullableToken, bytes] = fixedTypes[type.name as keyof typeof fixedTypes];
      out.u8(nullable ? nullableToken : notNull);
      if (nullable) {
        out.u8(bytes);
      }
    }
  }
}

/** Writes what a sql_variant says of the type inside it: its token, then its properties (MS-TDS 2.2.5.5.4). */
export function writeVariantBase(out: ByteWriter, type: SqlType): void {
  const base = (id: number, properties: number): void => {
    out.u8(id);
    out.u8(properties);
  };
  if (type.name === 'time' || type.name === 'datetime2' || type.name === 'datetimeoffset') {
    base(clockTokens[type.name], 1);
    out.u8(type.scale);
  } else if (type.name === 'decimal') {
    base(type.synonym === undefined ? token.decimalN : token.numericN, 2);
    out.u8(type.precision);
    out.u8(type.scale);
  } else if (type.name === 'binary' || type.name === 'varbinary') {
    base(textTokens[type.name], 2);
    out.u16(byteLength(type.length, 1));
  } else if ('collation' in type && 'length' in type) {
    base(textTokens[type.name], 7);
    out.bytes(collationByName(type.collation).bytes);
    out.u16(byteLength(type.length, type.name === 'nchar' || type.name === 'nvarchar' ? 2 : 1));
  } else if (type.name === 'date') {
    base(token.date, 0);
  } else if (type.name === 'uniqueidentifier') {
    base(token.guid, 0);
  } else {
    base(fixedTypes[type.name as keyof typeof fixedTypes][0], 0);
  }
}

function byteLength(length: number | 'max', unit: 1 | 2): number {
  return length === 'max' ? maxLength : length * unit;
}

/** A parameter's type, and how its value's length is told. */
export interface ReadType {
  readonly type: SqlType;
  /** fixed: no length; byte, short: that many bytes of length; long: four, -1 for NULL; plp: chunks. */
  readonly framing: 'fixed' | 'byte' | 'short' | 'long' | 'plp';
}

/** Reads a parameter's TYPE_INFO (MS-TDS 2.2.5.6); throws Msg 8009 for types outside `SqlType`. */
export function readTypeInfo(reader: ByteReader): ReadType {
  const id = reader.u8();
  for (const name of Object.keys(fixedTypes) as (keyof typeof fixedTypes)[]) {
    if (fixedTypes[name][0] === id) {
      return { type: { name }, framing: 'fixed' };
    }
  }
  switch (id) {
    case token.bitN:
    case token.intN:
    case token.floatN:
    case token.dateTimeN:
    case token.moneyN:
      return { type: { name: sizedType(id, reader.u8()) }, framing: 'byte' };
    case token.guid:
      reader.u8();
      return { type: { name: 'uniqueidentifier' }, framing: 'byte' };
    case token.date:
      return { type: { name: 'date' }, framing: 'byte' };
    case token.time:
      return { type: { name: 'time', scale: reader.u8() }, framing: 'byte' };
    case token.dateTime2:
      return { type: { name: 'datetime2', scale: reader.u8() }, framing: 'byte' };
    case token.dateTimeOffset:
      return { type: { name: 'datetimeoffset', scale: reader.u8() }, framing: 'byte' };
    case token.decimalN:
    case token.numericN:
      reader.u8();
      return { type: { name: 'decimal', precision: reader.u8(), scale: reader.u8() }, framing: 'byte' };
    case token.image:
      reader.u32();
      return { type: { name: 'varbinary', length: 'max' }, framing: 'long' };
    case token.text:
    case token.ntext:
      reader.u32();
      return {
        type: {
          name: id === token.text ? 'varchar' : 'nvarchar',
          length: 'max',
          collation: readCollation(reader),
        },
        framing: 'long',
      };
    default:
      return readSizedText(id, reader);
  }
}

function sizedType(id: number, bytes: number): keyof typeof fixedTypes {
  for (const name of Object.keys(fixedTypes) as (keyof typeof fixedTypes)[]) {
    if (fixedTypes[name][1] === id && fixedTypes[name][2] === bytes) {
      return name;
    }
  }
  throw unknownType(id);
}

function readSizedText(id: number, reader: ByteReader): ReadType {
  for (const name of Object.keys(textTokens) as (keyof typeof textTokens)[]) {
    if (textTokens[name] === id) {
      const bytes = reader.u16();
      const wide = name === 'nchar' || name === 'nvarchar';
      const length = bytes === maxLength ? 'max' : wide ? bytes / 2 : bytes;
      const framing = bytes === maxLength ? 'plp' : 'short';
      return name === 'binary' || name === 'varbinary'
        ? { type: { name, length }, framing }
        : { type: { name, length, collation: readCollation(reader) }, framing };
    }
  }
  throw unknownType(id);
}

function readCollation(reader: ByteReader): string {
  return collationByBytes(reader.bytes(defaultCollation.bytes.length)).name;
}

function unknownType(id: number): SqlServerError {
  return new SqlServerError(
    8009,
    'The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is incorrect. ' +
      `A parameter has data type 0x${id.toString(16).toUpperCase()}, which this server does not know.`,
  );
}
