import type { SqlType } from '../engine/types.js';
import type { ByteWriter } from './byte-writer.js';
import { collationByName } from './collation.js';

/** Data type tokens (MS-TDS 2.2.5.4). */
export const token = {
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
export const maxLength = 0xffff;

/** How a fixed-size type looks: its token when NOT NULL, its token when nullable, its bytes. */
export const fixedTypes = {
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

export const textTokens = {
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
