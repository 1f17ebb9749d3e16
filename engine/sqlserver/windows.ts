import { quoteTsql } from '../rows/checksum-tsql.js';
import type { TableName } from './checksum.js';
import type { ChunkColumn } from './chunk-column.js';
import { requireDateColumn } from './date-bound.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import type { SourceReader } from './session.js';

/** A table and the column that it is cut by. */
export interface WindowedTable extends TableName {
  readonly chunkColumn: ChunkColumn;
}

export interface WindowCounts {
  /** In order; `window` is the first day: `2025-01-31`, or `2025-01-01` by month. */
  readonly windows: readonly { readonly window: string; readonly rows: number }[];
  /** Rows without a value; only where neither bound is given, as they are in no range. */
  readonly nullRows: number;
}

/** Half-open `[from, to)` of the chunking column in ISO wall-clock text; an absent side is open. */
export interface Range {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * Rows per day or month in one statement.
 * @throws MigrationError SOURCE_*, FILTER_INVALID; SOURCE_TYPE where the column is no date
 */
export async function countByWindow(
  session: SourceReader,
  { schema, table, chunkColumn }: WindowedTable,
  grain: 'day' | 'month',
  from?: string,
  to?: string,
  filter?: string,
): Promise<WindowCounts> {
  requireDateColumn(chunkColumn);
  const column = quoteTsql(chunkColumn.name);
  const window =
    grain === 'day' ? `CONVERT(date, ${column})` : `DATEFROMPARTS(YEAR(${column}), MONTH(${column}), 1)`;
  const where = whereClause(rangePredicate(chunkColumn, { from, to }, filter));
  const statement =
    `SELECT CONVERT(varchar(10), [w].[window], 23) AS [window], COUNT_BIG(*) AS [rows] ` +
    `FROM (SELECT ${window} AS [window] FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql}) AS [w] ` +
    'GROUP BY [w].[window] ORDER BY [w].[window] OPTION (MAXDOP 1)';
  const rows = await session.query<{ window: string | null; rows: string }>(statement, where.params);
  const windows = rows.flatMap((row) =>
    row.window === null ? [] : [{ window: row.window, rows: Number(row.rows) }],
  );
  return { windows, nullRows: Number(rows.find((row) => row.window === null)?.rows ?? 0) };
}

/**
 * Smallest and largest value of the chunking column under a filter, as `2025-01-31 23:59:59.997` (`2025-01-31` of a
 * date column); undefined where no row has one.
 * @throws MigrationError SOURCE_*; SOURCE_TYPE where the column is no date
 */
export async function boundsOf(
  session: SourceReader,
  { schema, table, chunkColumn }: WindowedTable,
  filter?: string,
): Promise<{ readonly min: string; readonly max: string } | undefined> {
  requireDateColumn(chunkColumn);
  const column = quoteTsql(chunkColumn.name);
  const [length, style] = chunkColumn.sourceType === 'date' ? [10, 23] : [27, 121];
  const where = whereClause({ ...(filter === undefined ? {} : { filter }) });
  const statement =
    `SELECT CONVERT(varchar(${length}), MIN(${column}), ${style}) AS [min], ` +
    `CONVERT(varchar(${length}), MAX(${column}), ${style}) AS [max] ` +
    `FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} OPTION (MAXDOP 1)`;
  const [row] = await session.query<{ min: string | null; max: string | null }>(statement, where.params);
  return row === undefined || row.min === null || row.max === null
    ? undefined
    : { min: row.min, max: row.max };
}

/**
 * Rows under a predicate, all windows at once: what the sum of the windows must give.
 * @throws MigrationError SOURCE_*
 */
export async function countAll(
  session: SourceReader,
  { schema, table }: TableName,
  predicate: SourcePredicate = {},
): Promise<number> {
  const where = whereClause(predicate);
  const statement = `SELECT COUNT_BIG(*) AS [rows] FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} OPTION (MAXDOP 1)`;
  const [row] = await session.query<{ rows: string }>(statement, where.params);
  return Number(row?.rows ?? 0);
}

function rangePredicate(
  chunkColumn: ChunkColumn,
  { from, to }: Range,
  filter: string | undefined,
): SourcePredicate {
  return {
    chunkColumn,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(filter === undefined ? {} : { filter }),
  };
}
