import { MigrationError } from '../errors.js';
import type { LogicalType } from './types.js';

/** A column's type as SQL Server's `sys.columns` and `sys.types` describe it. */
export interface SourceType {
  /** Base type name out of `sys.types`, never an alias type's name. */
  readonly typeName: string;
  /** Bytes; -1 for `max`. nchar and nvarchar take two bytes a UTF-16 unit. */
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

type Precision = Extract<LogicalType, { kind: 'timestamp' }>['precision'];

const allowedPgTypes =
  'smallint, integer, bigint, boolean, numeric(p,s), date, timestamp(p), varchar(n), text ' +
  '(p of numeric 1..38, s 0..p, p of timestamp 0..6)';

/**
 * Logical type of a SQL Server column.
 * @throws MigrationError SOURCE_TYPE for a type that cannot be carried without loss.
 * @see https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
 */
export function logicalTypeOf(source: SourceType): LogicalType {
  const { maxLength, precision, scale } = source;
  switch (source.typeName.toLowerCase()) {
    case 'bit':
      return { kind: 'bool' };
    case 'tinyint':
      return { kind: 'int', bits: 8 };
    case 'smallint':
      return { kind: 'int', bits: 16 };
    case 'int':
      return { kind: 'int', bits: 32 };
    case 'bigint':
      return { kind: 'int', bits: 64 };
    case 'decimal':
    case 'numeric':
      return { kind: 'decimal', precision, scale };
    case 'date':
      return { kind: 'date' };
    case 'smalldatetime':
      return { kind: 'timestamp', precision: 0 };
    case 'datetime':
      return { kind: 'timestamp', precision: 3 };
    case 'datetime2':
      if (!isPrecision(scale)) throw unsupported(`datetime2(${scale})`);
      return { kind: 'timestamp', precision: scale };
    case 'char':
    case 'varchar':
      return textType(maxLength, 1);
    case 'nchar':
    case 'nvarchar':
      return textType(maxLength, 2);
    default:
      throw unsupported(source.typeName);
  }
}

function textType(maxLength: number, bytesPerUnit: number): LogicalType {
  return maxLength < 0 ? { kind: 'text' } : { kind: 'text', maxLength: maxLength / bytesPerUnit };
}

function unsupported(typeName: string): MigrationError {
  return new MigrationError(
    'SOURCE_TYPE',
    `Source type ${typeName} cannot be migrated without loss yet. Supported: bit, tinyint, smallint, int, bigint, ` +
      'decimal, numeric, date, datetime, datetime2(0..6), smalldatetime, char, varchar, nchar, nvarchar. ' +
      'Migrate a view that leaves the column out or casts it to one of these.',
  );
}

function isPrecision(value: number): value is Precision {
  return Number.isInteger(value) && value >= 0 && value <= 6;
}

/**
 * Logical type of a declared PostgreSQL column type, such as `numeric(11,3)`; case and blanks do not matter.
 * @throws MigrationError CONFIG_INVALID for anything that is not listed in the message.
 */
export function parsePgType(declared: string): LogicalType {
  const match =
    /^([a-z]+(?: varying)?) ?(?:\( ?(\d{1,9}) ?(?:, ?(\d{1,9}) ?)?\))?( without time zone)?$/.exec(
      declared.trim().toLowerCase().replace(/\s+/g, ' '),
    );
  const [, name = '', first, second, withoutZone] = match ?? [];
  const type = fromPgName(name, number(first), number(second));
  if (type === undefined || (withoutZone !== undefined && type.kind !== 'timestamp')) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `Column type "${declared}" is not supported. Allowed: ${allowedPgTypes}.`,
    );
  }
  return type;
}

function number(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function fromPgName(
  name: string,
  first: number | undefined,
  second: number | undefined,
): LogicalType | undefined {
  if (first === undefined) return fromBarePgName(name);
  switch (name) {
    case 'numeric':
    case 'decimal': {
      const scale = second ?? 0;
      const valid = first >= 1 && first <= 38 && scale <= first;
      return valid ? { kind: 'decimal', precision: first, scale } : undefined;
    }
    case 'timestamp':
      return second === undefined && isPrecision(first) ? { kind: 'timestamp', precision: first } : undefined;
    case 'varchar':
    case 'character varying':
      return second === undefined && first >= 1 && first <= 10_485_760
        ? { kind: 'text', maxLength: first }
        : undefined;
    default:
      return undefined;
  }
}

function fromBarePgName(name: string): LogicalType | undefined {
  switch (name) {
    case 'smallint':
      return { kind: 'int', bits: 16 };
    case 'int':
    case 'integer':
      return { kind: 'int', bits: 32 };
    case 'bigint':
      return { kind: 'int', bits: 64 };
    case 'boolean':
      return { kind: 'bool' };
    case 'date':
      return { kind: 'date' };
    case 'timestamp':
      return { kind: 'timestamp', precision: 6 };
    case 'varchar':
    case 'character varying':
    case 'text':
      return { kind: 'text' };
    default:
      return undefined;
  }
}

/** PostgreSQL type that holds every value of a logical type. */
export function pgTypeOf(type: LogicalType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int':
      return ({ 8: 'smallint', 16: 'smallint', 32: 'integer', 64: 'bigint' } as const)[type.bits];
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'date':
      return 'date';
    case 'timestamp':
      return `timestamp(${type.precision})`;
    case 'text':
      return type.maxLength === undefined ? 'text' : `varchar(${type.maxLength})`;
  }
}

/** DuckDB (and so Parquet) type that holds every value of a logical type. Times rest in microseconds, as in Spark. */
export function duckdbTypeOf(type: LogicalType): string {
  switch (type.kind) {
    case 'bool':
      return 'BOOLEAN';
    case 'int':
      return ({ 8: 'UTINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' } as const)[type.bits];
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'text':
      return 'VARCHAR';
  }
}

/** Decimal digits of the largest magnitude of each integer width. */
const digitsOfInt = { 8: 3, 16: 5, 32: 10, 64: 19 } as const;
/** Decimal digits that always fit into each integer width, either sign; none for the unsigned tinyint. */
const digitsIntoInt = { 8: 0, 16: 4, 32: 9, 64: 18 } as const;

/**
 * Whether every value of `from` can be held by `to` with the same meaning. A wider type on the right is fine,
 * a change of meaning (number to text, date to timestamp) is not.
 */
export function losslessInto(from: LogicalType, to: LogicalType): boolean {
  switch (from.kind) {
    case 'bool':
    case 'date':
      return to.kind === from.kind;
    case 'int':
      if (to.kind === 'int') return to.bits >= from.bits;
      return to.kind === 'decimal' && to.precision - to.scale >= digitsOfInt[from.bits];
    case 'decimal':
      if (to.kind === 'int') return from.scale === 0 && from.precision <= digitsIntoInt[to.bits];
      return (
        to.kind === 'decimal' &&
        to.scale >= from.scale &&
        to.precision - to.scale >= from.precision - from.scale
      );
    case 'timestamp':
      return to.kind === 'timestamp' && to.precision >= from.precision;
    case 'text':
      return (
        to.kind === 'text' &&
        (to.maxLength === undefined || (from.maxLength !== undefined && to.maxLength >= from.maxLength))
      );
  }
}
