import { MigrationError } from '../errors.js';
import { baseTypeName } from './type-map.js';
import type { Column, LogicalType } from './types.js';

export interface TsqlColumn extends Column {
  /** Type name out of `sys.types`, or a declaration that begins with it: `datetime2(3)`; any name for a CLR type. */
  readonly sourceType: string;
}

/** CONCAT takes 254 arguments; wider tables are nested in groups that leave room for the collation seed. */
const concatLimit = 250;
/** Empty text that makes a CONCAT varchar(max) in UTF-8: HASHBYTES then hashes UTF-8 bytes (SQL Server 2019 or later). */
const utf8Seed = "CONVERT(varchar(max), '') COLLATE Latin1_General_100_BIN2_UTF8";

/** `[name]`, with closing brackets doubled. */
export function quoteTsql(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

/**
 * Select list of two expressions, `[rows]` and `[sum]` (decimal digits, or NULL over no rows), that give the set
 * checksum of the rows selected. The sum travels as text, since drivers round decimals.
 * @throws MigrationError SOURCE_TYPE for a column without a form; see `hasServerForm`.
 */
export function checksumSelectListTsql(columns: readonly TsqlColumn[]): string {
  const hash = rowHashTsql(columns);
  return `COUNT_BIG(*) AS [rows], CONVERT(varchar(40), SUM(CONVERT(decimal(38,0), ${hash}))) AS [sum]`;
}

/**
 * Expression that gives the hash of one row as a bigint, which has the bits of the unsigned hash.
 * @throws MigrationError SOURCE_TYPE for a column without a form; see `hasServerForm`.
 */
export function rowHashTsql(columns: readonly TsqlColumn[]): string {
  return `CONVERT(bigint, SUBSTRING(HASHBYTES('MD5', ${concat(columns.map(canonicalTsql))}), 1, 8))`;
}

function concat(fields: readonly string[]): string {
  if (fields.length <= concatLimit) return `CONCAT(${[utf8Seed, ...fields].join(', ')})`;
  const groups: string[] = [];
  for (let start = 0; start < fields.length; start += concatLimit) {
    groups.push(concat(fields.slice(start, start + concatLimit)));
  }
  return concat(groups);
}

/**
 * Types of which T-SQL gives no text that is known to be the one on the wire: xml and json are serialized once more for
 * it, and a sql_variant has another type in each row.
 */
const withoutForm = ['xml', 'json', 'vector', 'sql_variant'];

/** Whether T-SQL can build the column's canonical text; else the reader's own hash takes its place for the table. */
export function hasServerForm({ sourceType }: TsqlColumn): boolean {
  return !withoutForm.includes(baseTypeName(sourceType));
}

/**
 * By the conversions and styles of
 * https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql; docs/checksums.md says which.
 */
function canonicalTsql(column: TsqlColumn): string {
  const name = quoteTsql(column.name);
  const { type } = column;
  switch (type.kind) {
    case 'bool':
      return orNull(`CONVERT(varchar(1), ${name})`);
    case 'int':
      return orNull(`CONVERT(varchar(20), ${name})`);
    case 'decimal':
      return orNull(`CONVERT(varchar(41), ${exactDecimalTsql(column, name)})`);
    case 'float': {
      const bytes = type.bits / 8;
      return orNull(`LOWER(CONVERT(varchar(16), CONVERT(binary(${bytes}), ${name}), 2))`);
    }
    case 'date':
    case 'time':
    case 'timestamp':
    case 'offsetTimestamp':
    case 'uuid':
      return orNull(plainTextTsql(type, name));
    case 'text':
      if (hasServerForm(column)) return textField(name);
      throw withoutServerForm(column);
    case 'bytes':
      return bytesField(column, name);
    case 'instant':
      throw withoutServerForm(column);
  }
}

type PlainType = Extract<LogicalType, { kind: 'date' | 'time' | 'timestamp' | 'offsetTimestamp' | 'uuid' }>;

/** The value of such a type as the text that stands in the canonical one; NULL for NULL. `name` is quoted. */
export function plainTextTsql(type: PlainType, name: string): string {
  switch (type.kind) {
    case 'date':
      return `CONVERT(varchar(10), ${name}, 23)`;
    case 'time':
      return type.precision === 0 ? converted(8, name, 108) : converted(16, name, 121);
    case 'timestamp':
      return type.precision === 0 ? converted(19, name, 120) : converted(27, name, 121);
    case 'offsetTimestamp': {
      const all = converted(34, name, 121);
      return type.precision === 0 ? `${converted(19, name, 120)} + ' ' + RIGHT(${all}, 6)` : all;
    }
    case 'uuid':
      return `LOWER(CONVERT(varchar(36), ${name}))`;
  }
}

/** money prints two of its four decimals, and rounds for it. */
export function exactDecimalTsql({ type, sourceType }: TsqlColumn, name: string): string {
  if (type.kind !== 'decimal' || !/^(small)?money$/.test(baseTypeName(sourceType))) return name;
  return `CONVERT(decimal(${type.precision},${type.scale}), ${name})`;
}

function converted(length: number, name: string, style: number): string {
  return `CONVERT(varchar(${length}), ${name}, ${style})`;
}

function withoutServerForm(column: TsqlColumn): MigrationError {
  return new MigrationError(
    'SOURCE_TYPE',
    `Column ${column.name} has source type ${column.sourceType}, of which the server gives no canonical text. ` +
      "Use the reader's own hash for its table.",
  );
}

function orNull(text: string): string {
  return `ISNULL(${text} + ';', '~;')`;
}

/** The legacy text and ntext convert to their own kind of text alone. */
const viaText = new Map([
  ['text', 'varchar(max)'],
  ['ntext', 'nvarchar(max)'],
]);

/** The bytes that travel: those of a text in its encoding, a CLR type as it is serialized. */
export function bytesTsql({ sourceType }: TsqlColumn, name: string): string {
  const text = viaText.get(baseTypeName(sourceType));
  return `CONVERT(varbinary(max), ${text === undefined ? name : `CONVERT(${text}, ${name})`})`;
}

function bytesField(column: TsqlColumn, name: string): string {
  const bytes = bytesTsql(column, name);
  const hex = `LOWER(CONVERT(varchar(max), ${bytes}, 2))`;
  return `CASE WHEN ${name} IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${bytes}), ':', ${hex}, ';') END`;
}

function textField(name: string): string {
  const utf8 = `CONVERT(varchar(max), CONVERT(nvarchar(max), ${name}) COLLATE Latin1_General_100_BIN2_UTF8)`;
  return `CASE WHEN ${name} IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${utf8}), ':', ${utf8}, ';') END`;
}
