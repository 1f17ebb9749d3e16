import { MigrationError } from '../errors.js';
import type { LogicalType, TimePrecision } from './types.js';

/** A column's type as SQL Server's `sys.columns` and `sys.types` describe it. */
export interface SourceType {
  /** Base type name out of `sys.types`, never an alias type's name. */
  readonly typeName: string;
  /** Bytes; -1 for `max`. nchar and nvarchar take two bytes a UTF-16 unit. */
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
  /** A CLR type (geography, a user's own), which has no base type and may have any name. */
  readonly clr?: boolean;
}

const plainTypes = new Map(
  Object.entries<LogicalType>({
    bit: { kind: 'bool' },
    tinyint: { kind: 'int', bits: 8 },
    smallint: { kind: 'int', bits: 16 },
    int: { kind: 'int', bits: 32 },
    bigint: { kind: 'int', bits: 64 },
    money: { kind: 'decimal', precision: 19, scale: 4 },
    smallmoney: { kind: 'decimal', precision: 10, scale: 4 },
    // float(1..24) is declared so, but the catalog calls it real.
    float: { kind: 'float', bits: 64 },
    real: { kind: 'float', bits: 32 },
    date: { kind: 'date' },
    smalldatetime: { kind: 'timestamp', precision: 0 },
    datetime: { kind: 'timestamp', precision: 3 },
    uniqueidentifier: { kind: 'uuid' },
    // The catalog gives these the length of the pointer in the row, or none.
    text: { kind: 'text' },
    ntext: { kind: 'text' },
    xml: { kind: 'text' },
    json: { kind: 'text' },
    vector: { kind: 'text' },
    sql_variant: { kind: 'text' },
    image: { kind: 'bytes' },
    timestamp: { kind: 'bytes', maxLength: 8 },
    rowversion: { kind: 'bytes', maxLength: 8 },
    hierarchyid: { kind: 'bytes' },
    geography: { kind: 'bytes' },
    geometry: { kind: 'bytes' },
  }),
);

/**
 * Logical type of a SQL Server column.
 * @throws MigrationError SOURCE_TYPE for a type that is not known.
 * @see https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
 */
export function logicalTypeOf(source: SourceType): LogicalType {
  if (source.clr) return { kind: 'bytes' };
  const { maxLength, precision, scale } = source;
  const name = source.typeName.toLowerCase();
  switch (name) {
    case 'decimal':
    case 'numeric':
      return { kind: 'decimal', precision, scale };
    case 'time':
      return { kind: 'time', precision: fractionDigits(name, scale) };
    case 'datetime2':
      return { kind: 'timestamp', precision: fractionDigits(name, scale) };
    case 'datetimeoffset':
      return { kind: 'offsetTimestamp', precision: fractionDigits(name, scale) };
    case 'char':
    case 'varchar':
      return sized('text', maxLength);
    case 'nchar':
    case 'nvarchar':
    case 'sysname':
      return sized('text', maxLength / 2);
    case 'binary':
    case 'varbinary':
      return sized('bytes', maxLength);
  }
  const plain = plainTypes.get(name);
  if (plain === undefined) throw unsupported(source.typeName);
  return plain;
}

/** Bytes of a unit that the length of a text type counts. */
const unitBytes = new Map(
  Object.entries({ char: 1, varchar: 1, text: 1, nchar: 2, nvarchar: 2, ntext: 2, sysname: 2 }),
);

/**
 * Type of a text column that is read as the bytes that the source holds, which are those on the wire. Undefined for any
 * other column: xml, json, vector and sql_variant are sent in another form than they rest in.
 * @param sourceType as `TsqlColumn` has it
 */
export function encodedTypeOf(type: LogicalType, sourceType: string): LogicalType | undefined {
  const bytes = unitBytes.get(baseTypeName(sourceType));
  if (type.kind !== 'text' || bytes === undefined) return undefined;
  return sized('bytes', (type.maxLength ?? -1) * bytes);
}

/** `datetime2` of the declaration `datetime2(3)`. */
export function baseTypeName(sourceType: string): string {
  return sourceType.toLowerCase().replace(/\(.*$/s, '');
}

function sized(kind: 'text' | 'bytes', maxLength: number): LogicalType {
  return maxLength < 0 ? { kind } : { kind, maxLength };
}

function fractionDigits(name: string, scale: number): TimePrecision {
  if (Number.isInteger(scale) && scale >= 0 && scale <= 7) return scale as TimePrecision;
  throw unsupported(`${name}(${scale})`);
}

function unsupported(typeName: string): MigrationError {
  return new MigrationError(
    'SOURCE_TYPE',
    `Source type ${typeName} is not one of SQL Server's that this version knows. ` +
      'Migrate a view that leaves the column out or casts it to a known type.',
  );
}
