import { MigrationError } from '../../errors.js';
import type { ByteReader } from './byte-reader.js';
import { type WireColumn, wireTypes } from './cell-decoder.js';

type TypeInfo = Pick<WireColumn, 'length'> & Partial<Omit<WireColumn, 'name' | 'typeId' | 'nullable'>>;

const noMetadata = 0xffff;
/** A USHORT length that means `max`: the value travels as PLP. */
const unlimited = 0xffff;
const nullableFlag = 1;

/**
 * Reads COLMETADATA behind its token byte (MS-TDS 2.2.7.4).
 * @throws MigrationError WIRE_PROTOCOL for what no server may send; SOURCE_TYPE for a type that is not known here;
 *   MoreBytesNeeded
 */
export function readColumnMetadata(reader: ByteReader): readonly WireColumn[] {
  const count = reader.short();
  if (count === noMetadata || count === 0) throw refused('a result without a description of its columns');
  return Array.from({ length: count }, () => readColumn(reader));
}

function readColumn(reader: ByteReader): WireColumn {
  reader.long(); // UserType: the id of an alias type, which says nothing about the bytes
  const nullable = (reader.short() & nullableFlag) !== 0;
  const typeId = reader.byte();
  const info = readTypeInfo(reader, typeId);
  const tableName = hasTableName(typeId) ? readTableName(reader) : undefined;
  const name = reader.shortText();
  return {
    name,
    typeId,
    nullable,
    precision: 0,
    scale: 0,
    ...info,
    ...(tableName === undefined ? {} : { tableName }),
  };
}

/** TYPE_INFO behind the type's id (MS-TDS 2.2.5.6). */
function readTypeInfo(reader: ByteReader, typeId: number): TypeInfo {
  const fixed = fixedLengths.get(typeId);
  if (fixed !== undefined) return { length: fixed };
  const lengths = nullableLengths.get(typeId);
  if (lengths !== undefined) return { length: oneOf(lengths, reader.byte(), typeId) };
  switch (typeId) {
    case wireTypes.decimalN:
    case wireTypes.numericN:
      return readDecimal(reader);
    case wireTypes.date:
      return { length: 3 };
    case wireTypes.time:
    case wireTypes.datetime2:
    case wireTypes.datetimeoffset:
      return readTimeScale(reader);
    case wireTypes.varbinary:
    case wireTypes.binary:
      return { length: shortLength(reader) };
    case wireTypes.varchar:
    case wireTypes.char:
    case wireTypes.nvarchar:
    case wireTypes.nchar:
      return { length: shortLength(reader), collation: reader.copyOf(5) };
    case wireTypes.text:
    case wireTypes.ntext:
      return { length: reader.long(), collation: reader.copyOf(5) };
    case wireTypes.image:
    case wireTypes.variant:
      return { length: reader.long() };
    case wireTypes.xml:
      return { length: Number.POSITIVE_INFINITY, xmlSchema: readXmlSchema(reader) };
    case wireTypes.udt:
      return { length: shortLength(reader), udt: readUdt(reader) };
    case wireTypes.json:
      return { length: Number.POSITIVE_INFINITY };
    case wireTypes.vector:
      return { length: reader.short(), scale: reader.byte() };
    default:
      throw new MigrationError(
        'SOURCE_TYPE',
        `The source sent a column of type ${hex(typeId)}, which is not known.`,
      );
  }
}

const fixedLengths: ReadonlyMap<number, number> = new Map([
  [wireTypes.bit, 1],
  [wireTypes.tinyint, 1],
  [wireTypes.smallint, 2],
  [wireTypes.int, 4],
  [wireTypes.bigint, 8],
  [wireTypes.real, 4],
  [wireTypes.float, 8],
  [wireTypes.smallmoney, 4],
  [wireTypes.money, 8],
  [wireTypes.smalldatetime, 4],
  [wireTypes.datetime, 8],
]);

const nullableLengths: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  [wireTypes.bitN, [1]],
  [wireTypes.intN, [1, 2, 4, 8]],
  [wireTypes.floatN, [4, 8]],
  [wireTypes.moneyN, [4, 8]],
  [wireTypes.datetimeN, [4, 8]],
  [wireTypes.uniqueidentifier, [16]],
]);

function readDecimal(reader: ByteReader): TypeInfo {
  const length = reader.byte();
  const precision = reader.byte();
  const scale = reader.byte();
  if (precision < 1 || precision > 38 || scale > precision) {
    throw refused(`a decimal of precision ${precision} and scale ${scale}`);
  }
  return { length, precision, scale };
}

function readTimeScale(reader: ByteReader): TypeInfo {
  const scale = reader.byte();
  if (scale > 7) throw refused(`a time of ${scale} fractional digits`);
  return { length: 0, scale };
}

function shortLength(reader: ByteReader): number {
  const length = reader.short();
  return length === unlimited ? Number.POSITIVE_INFINITY : length;
}

function readXmlSchema(reader: ByteReader): boolean {
  if (reader.byte() === 0) return false;
  reader.shortText(); // database
  reader.shortText(); // owning schema
  reader.longText(); // collection
  return true;
}

function readUdt(reader: ByteReader): NonNullable<WireColumn['udt']> {
  return {
    database: reader.shortText(),
    schema: reader.shortText(),
    type: reader.shortText(),
    assembly: reader.longText(),
  };
}

function hasTableName(typeId: number): boolean {
  return typeId === wireTypes.text || typeId === wireTypes.ntext || typeId === wireTypes.image;
}

function readTableName(reader: ByteReader): readonly string[] {
  return Array.from({ length: reader.byte() }, () => reader.longText());
}

function oneOf(allowed: readonly number[], length: number, typeId: number): number {
  if (!allowed.includes(length)) throw refused(`a column of type ${hex(typeId)} and length ${length}`);
  return length;
}

function refused(what: string): MigrationError {
  return new MigrationError('WIRE_PROTOCOL', `The source described ${what}.`);
}

function hex(typeId: number): string {
  return `0x${typeId.toString(16).padStart(2, '0')}`;
}
