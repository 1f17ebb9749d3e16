import { SqlServerError, type SqlType } from '../engine/types.js';
import type { ByteReader } from './byte-reader.js';
import { collationByBytes, defaultCollation } from './collation.js';
import { fixedTypes, maxLength, textTokens, token } from './type-info.js';

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
