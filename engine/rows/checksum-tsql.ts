import { MigrationError } from '../errors.js';
import type { Column } from './types.js';

export interface TsqlColumn extends Column {
  /** Type name out of `sys.types`, or a declaration that begins with it: `datetime2(3)`. */
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
 * @throws MigrationError SOURCE_TYPE for a column whose type has no canonical T-SQL form.
 */
export function checksumSelectListTsql(columns: readonly TsqlColumn[]): string {
  const row = concat(columns.map(canonicalTsql));
  const hash = `CONVERT(bigint, SUBSTRING(HASHBYTES('MD5', ${row}), 1, 8))`;
  return `COUNT_BIG(*) AS [rows], CONVERT(varchar(40), SUM(CONVERT(decimal(38,0), ${hash}))) AS [sum]`;
}

function concat(fields: readonly string[]): string {
  if (fields.length <= concatLimit) return `CONCAT(${[utf8Seed, ...fields].join(', ')})`;
  const groups: string[] = [];
  for (let start = 0; start < fields.length; start += concatLimit) {
    groups.push(concat(fields.slice(start, start + concatLimit)));
  }
  return concat(groups);
}

function canonicalTsql(column: TsqlColumn): string {
  const name = quoteTsql(column.name);
  const { type } = column;
  switch (/^[a-z0-9]+/.exec(column.sourceType.toLowerCase())?.[0]) {
    case 'bit':
      return orNull(`CONVERT(varchar(1), ${name})`);
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return orNull(`CONVERT(varchar(20), ${name})`);
    case 'decimal':
    case 'numeric':
      return orNull(`CONVERT(varchar(41), ${name})`);
    case 'date':
      return orNull(`CONVERT(varchar(10), ${name}, 23)`);
    case 'smalldatetime':
      return orNull(`CONVERT(varchar(19), ${name}, 120)`);
    case 'datetime':
      return orNull(`CONVERT(varchar(27), ${name}, 121)`);
    case 'datetime2':
      return type.kind === 'timestamp' && type.precision === 0
        ? orNull(`CONVERT(varchar(19), ${name}, 120)`)
        : orNull(`CONVERT(varchar(27), ${name}, 121)`);
    case 'char':
    case 'varchar':
    case 'nchar':
    case 'nvarchar':
      return textField(name);
    default:
      throw new MigrationError(
        'SOURCE_TYPE',
        `Column ${column.name} has source type ${column.sourceType}, which has no checksum form. ` +
          'Migrate a view that leaves the column out or casts it to a supported type.',
      );
  }
}

function orNull(text: string): string {
  return `ISNULL(${text} + ';', '~;')`;
}

function textField(name: string): string {
  const utf8 = `CONVERT(varchar(max), CONVERT(nvarchar(max), ${name}) COLLATE Latin1_General_100_BIN2_UTF8)`;
  return `CASE WHEN ${name} IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${utf8}), ':', ${utf8}, ';') END`;
}
