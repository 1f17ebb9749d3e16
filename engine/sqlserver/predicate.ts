import { MigrationError } from '../errors.js';
import { quoteTsql } from '../rows/checksum-tsql.js';
import type { SqlParameter } from './parameters.js';

/** Column that windows are cut by. */
export interface ChunkColumn {
  readonly name: string;
  /** `date`, `smalldatetime`, `datetime` or `datetime2(n)`. */
  readonly sourceType: string;
}

/** Rows of a window under a filter: `from <= column < to`, or the rows without a value. */
export interface SourcePredicate {
  readonly chunkColumn?: ChunkColumn;
  /** ISO wall-clock text, inclusive; absent for open. */
  readonly from?: string;
  /** ISO wall-clock text, exclusive; absent for open. */
  readonly to?: string;
  readonly isNull?: boolean;
  /** T-SQL predicate, already parsed and found harmless by the configuration. */
  readonly filter?: string;
}

export interface SqlFragment {
  readonly sql: string;
  readonly params: readonly SqlParameter[];
}

const dateTypes = /^(date|smalldatetime|datetime|datetime2(\([0-7]\))?)$/;

/**
 * `WHERE …` (or nothing) with its parameters. With neither bound nor `isNull` rows without a value are included.
 * @throws MigrationError SOURCE_TYPE for a chunking column that is no date, INTERNAL for bounds without a column,
 * FILTER_INVALID for a bound that is no ISO date or finer than the column
 *
 * A bound outside of what the column's type can hold is not converted, which would be error 242: every value or
 * none is on its side. Other tables of a target may have a wider type, and their windows are one grid.
 */
export function whereClause(predicate: SourcePredicate): SqlFragment {
  const { chunkColumn, from, to, isNull, filter } = predicate;
  const conditions: string[] = [];
  const params: SqlParameter[] = [];
  if (from !== undefined || to !== undefined || isNull) {
    if (chunkColumn === undefined) {
      throw new MigrationError('INTERNAL', 'A window needs the column that it is cut by.');
    }
    const column = quoteTsql(chunkColumn.name);
    if (isNull) conditions.push(`${column} IS NULL`);
    for (const [name, operator, value] of [
      ['from', '>=', from],
      ['to', '<', to],
    ] as const) {
      if (value === undefined) continue;
      const type = dateType(chunkColumn);
      const bound = boundText(value, chunkColumn);
      if (bound === 'below' || bound === 'above') {
        conditions.push((name === 'from') === (bound === 'below') ? `${column} IS NOT NULL` : '1 = 0');
        continue;
      }
      conditions.push(`${column} ${operator} CONVERT(${type}, @${name}, 121)`);
      params.push({ name, sqlType: 'varchar(27)', value: bound });
    }
  }
  // On lines of its own, so that a comment at the filter's end cannot swallow what follows.
  if (filter !== undefined) conditions.push(`(\n${filter}\n)`);
  return { sql: conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`, params };
}

/**
 * The chunking column's type, for use in a conversion.
 * @throws MigrationError SOURCE_TYPE for any other than a date type
 */
function dateType(column: ChunkColumn): string {
  if (dateTypes.test(column.sourceType)) return column.sourceType;
  throw new MigrationError(
    'SOURCE_TYPE',
    `Column ${column.name} is ${column.sourceType}; windows by day or month need date, smalldatetime, datetime or ` +
      'datetime2. Choose another chunkColumn, or "chunk": { "by": "none" }.',
  );
}

/** A bound in the one spelling that style 121 reads for every date type, or the side of the type that it lies on. */
function boundText(value: string, column: ChunkColumn): string {
  // How dates beyond the year 9999 are written.
  if (value.startsWith('+')) return 'above';
  const match = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?)?$/.exec(value.trim());
  if (match === null) {
    throw new MigrationError('FILTER_INVALID', `Bound '${value}' of ${column.name} is no ISO date or time.`);
  }
  const [, day = '', clock = '00:00:00', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (column.sourceType === 'date') {
    if (clock === '00:00:00' && digits === '') return day;
    throw tooFine(value, column);
  }
  if (column.sourceType === 'smalldatetime' && !clock.endsWith(':00')) throw tooFine(value, column);
  if (digits.length > fractionDigits(column.sourceType)) throw tooFine(value, column);
  const text = digits === '' ? `${day} ${clock}` : `${day} ${clock}.${digits}`;
  const [first, last] = limits[column.sourceType] ?? widest;
  return text < first ? 'below' : text > last ? 'above' : text;
}

/**
 * First and last value of the date types that hold less than the calendar.
 * @see https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql and smalldatetime-transact-sql
 */
const limits: Readonly<Record<string, readonly [first: string, last: string]>> = {
  smalldatetime: ['1900-01-01 00:00:00', '2079-06-06 23:59:00'],
  datetime: ['1753-01-01 00:00:00', '9999-12-31 23:59:59.997'],
};
const widest = ['0001-01-01 00:00:00', '9999-12-31 23:59:59.9999999'] as const;

function fractionDigits(sourceType: string): number {
  if (sourceType === 'smalldatetime') return 0;
  if (sourceType === 'datetime') return 3;
  return Number(/\((\d)\)/.exec(sourceType)?.[1] ?? 7);
}

/** The server would round it, and the row at the edge would move. */
function tooFine(value: string, column: ChunkColumn): MigrationError {
  return new MigrationError(
    'FILTER_INVALID',
    `Bound '${value}' is finer than ${column.name} ${column.sourceType}. Write it with the column's own precision.`,
  );
}
