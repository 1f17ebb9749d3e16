import { MigrationError } from '../errors.js';
import type { Bound, ChunkColumn } from './chunk-column.js';

const dateTypes = /^(date|smalldatetime|datetime|datetime2(\([0-7]\))?)$/;

/** Whether windows by day or month can be cut by the column. */
export function isDateColumn({ sourceType }: ChunkColumn): boolean {
  return dateTypes.test(sourceType);
}

/** Throws SOURCE_TYPE for a column that is no date. */
export function requireDateColumn(column: ChunkColumn): void {
  if (isDateColumn(column)) return;
  throw new MigrationError(
    'SOURCE_TYPE',
    `Column ${column.name} is ${column.sourceType}; windows by day or month need date, smalldatetime, datetime or ` +
      'datetime2. Choose another chunkColumn, or "chunk": { "by": "key" } or { "by": "none" }.',
  );
}

/**
 * A bound in ISO wall-clock text as the date column's own type. One outside of what the type can hold is not converted,
 * which would be error 242: other tables of a target may have a wider type, and their windows are one grid.
 * @throws MigrationError FILTER_INVALID for a bound that is no ISO date or finer than the column
 */
export function dateBound(column: ChunkColumn, name: string, value: string): Bound {
  const text = boundText(value, column);
  if (text === 'below' || text === 'above') return text;
  return {
    sql: `CONVERT(${column.sourceType}, @${name}, 121)`,
    param: { name, sqlType: 'varchar(27)', value: text },
  };
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
