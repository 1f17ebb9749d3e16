import { quoteName } from '../quoting.js';
import { literal } from '../translate/expr.js';
import { duckType } from '../translate/sql-types.js';
import type { Cell, SqlType } from '../types.js';
import type { Database, Server } from './catalog.js';

/** A value of a catalog view: a constant, or DuckDB SQL where it has to be looked up (a row count). */
export type ViewCell = Cell | undefined | { readonly sql: string };
export type ViewRow = Readonly<Record<string, ViewCell>>;

export interface View {
  readonly columns: readonly (readonly [name: string, type: SqlType, nullable?: 'null'])[];
  readonly rows: readonly ViewRow[];
}

/** A view as a DuckDB query with its columns under their own names. */
export function viewSql({ columns, rows }: View): string {
  const cell = (row: ViewRow, name: string, type: SqlType): string => {
    const value = row[name];
    if (value === undefined || value === null) return `CAST(NULL AS ${duckType(type)})`;
    if (typeof value === 'object' && 'sql' in value) return `CAST(${value.sql} AS ${duckType(type)})`;
    return literal(value, type).sql;
  };
  const select = (row: ViewRow): string =>
    `SELECT ${columns.map(([name, type]) => `${cell(row, name, type)} AS ${quoteName(name)}`).join(', ')}`;
  return rows.length === 0 ? `${select({})} WHERE false` : rows.map(select).join(' UNION ALL ');
}

/** What a view is made from. */
export interface ViewContext {
  readonly server: Server;
  readonly database: Database;
  readonly text: SqlType;
  readonly login: string;
}

export type MakeView = (context: ViewContext) => View;
