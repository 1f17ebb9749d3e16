import { MigrationError } from '../errors.js';
import {
  bytesTsql,
  exactDecimalTsql,
  plainTextTsql,
  quoteTsql,
  rowHashTsql,
  type TsqlColumn,
} from '../rows/checksum-tsql.js';
import type { Column } from '../rows/types.js';
import type { TableName } from './checksum.js';
import { type SourcePredicate, whereLiteral } from './predicate.js';

/**
 * A column, and how its values travel through JDBC: as values of its type; as their canonical text (docs/checksums.md)
 * where driver or Spark would round or shift them; or as UTF-16LE bytes, as only those show half of a surrogate pair.
 */
export interface CarriedColumn extends Column {
  readonly carriedAs: 'value' | 'text' | 'utf16';
}

/** Types that JDBC gives in no form that is known to be the value: a sql_variant has another type in each row. */
const notCarried = /^(sql_variant|json|vector)\b/i;
const unicode = /^(nchar|nvarchar|ntext|sysname)\b/i;
const declaredBinary = /^(var)?binary\b/i;

/**
 * How each column travels.
 * @throws MigrationError SOURCE_TYPE for a type that JDBC does not carry exactly
 */
export function carriedColumns(columns: readonly TsqlColumn[]): readonly CarriedColumn[] {
  return columns.map((column) => {
    const { name, type, nullable } = column;
    return { name, type, nullable, carriedAs: carriedAs(column) };
  });
}

/**
 * The rows of a table under a predicate for a reader that sends no parameters: columns `c0`, `c1`, … in the forms of
 * `carriedColumns`, and with `serverHash` the server's own hash of each row as `h`, of the very instant of its values.
 * @throws MigrationError SOURCE_TYPE, and as `whereClause`
 */
export function carriedSelect(
  { schema, table }: TableName,
  columns: readonly TsqlColumn[],
  predicate: SourcePredicate,
  serverHash: boolean,
): string {
  const values = columns.map((column, index) => `${carriedTsql(column)} AS [c${index}]`);
  if (serverHash) values.push(`${rowHashTsql(columns)} AS [h]`);
  return `SELECT ${values.join(', ')} FROM ${quoteTsql(schema)}.${quoteTsql(table)}${whereLiteral(predicate)}`;
}

function carriedAs({ name, type, sourceType }: TsqlColumn): CarriedColumn['carriedAs'] {
  if (notCarried.test(sourceType)) {
    throw new MigrationError(
      'SOURCE_TYPE',
      `Column ${name} is ${sourceType}, of which JDBC gives no exact form. Export its table with "engine": "embedded".`,
    );
  }
  switch (type.kind) {
    case 'date':
    case 'time':
    case 'timestamp':
    case 'offsetTimestamp':
    case 'uuid':
      return 'text';
    case 'text':
      return unicode.test(sourceType) ? 'utf16' : 'value';
    default:
      return 'value';
  }
}

function carriedTsql(column: TsqlColumn): string {
  const name = quoteTsql(column.name);
  const { type, sourceType } = column;
  switch (type.kind) {
    case 'int':
      // The driver's smaller integers have other ranges.
      return type.bits < 32 ? `CONVERT(int, ${name})` : name;
    case 'decimal':
      return exactDecimalTsql(column, name);
    case 'date':
    case 'time':
    case 'timestamp':
    case 'offsetTimestamp':
    case 'uuid':
      return plainTextTsql(type, name);
    case 'text':
      if (unicode.test(sourceType)) return bytesTsql(column, name);
      // Spark fills a char up to its length in characters, where the source has bytes.
      return /^char\b/i.test(sourceType) ? `CONVERT(var${sourceType}, ${name})` : name;
    case 'bytes':
      return declaredBinary.test(sourceType) ? name : bytesTsql(column, name);
    default:
      return name;
  }
}
