import { atRest } from '../half-pairs.js';
import { quoteBytes, quoteText } from '../quoting.js';
import type { Cell, SqlType } from '../types.js';
import {
  asDecimal,
  duckType,
  isBinary,
  isByteType,
  isChar,
  isDecimal,
  isMoney,
  isTimestamp,
} from './sql-types.js';

/** A translated expression: DuckDB SQL and the exact type SQL Server would give it. */
export interface Expr {
  readonly sql: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** Collation precedence of character expressions: COLLATE, a column, or neither. */
  readonly label?: 'explicit' | 'implicit';
  /** The value of a literal or parameter, for what must be known before the query runs. */
  readonly constant?: Cell;
  /** Binary expressions that are computed from hex digits; `digits` where their number is fixed. */
  readonly hex?: { readonly sql: string; readonly digits?: number };
  /** Character expressions that can hold only ASCII: no code page conversion is needed. */
  readonly ascii?: boolean;
}

/** The same value under another SQL text; what was known of the old text (hex digits, constant) is dropped. */
export const expr = (sql: string, type: SqlType, nullable: boolean): Expr => ({ sql, type, nullable });

export const nullOf = (type: SqlType): Expr => ({
  sql: `CAST(NULL AS ${duckType(type)})`,
  type,
  nullable: true,
  constant: null,
});

/** A cell as a typed literal. */
export function literal(value: Cell, type: SqlType): Expr {
  if (value === null) return nullOf(type);
  return { sql: literalSql(value, type), type, nullable: false, constant: value };
}

function literalSql(value: Exclude<Cell, null>, type: SqlType): string {
  if (value instanceof Uint8Array)
    return isBinary(type) || isByteType(type) ? quoteBytes(value) : quoteText(String(value));
  if (typeof value === 'string') return quoteText(atRest(value));
  if (isChar(type)) return quoteText(String(value));
  if ((isDecimal(type) || isMoney(type)) && typeof value === 'bigint') {
    return `CAST('${unscaledText(value, asDecimal(type).scale)}' AS ${duckType(type)})`;
  }
  if (isTimestamp(type)) return `make_timestamp(CAST(${value} AS BIGINT))`;
  if (type.name === 'date')
    return `CAST(make_timestamp(CAST(${Number(value) * 86_400_000_000} AS BIGINT)) AS DATE)`;
  if (type.name === 'time') return `CAST(make_timestamp(CAST(${value} AS BIGINT)) AS TIME)`;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'CAST(NULL AS DOUBLE)';
  return `CAST('${value}' AS ${duckType(type)})`;
}

/** -1500n at scale 3 is `-1.500`. */
function unscaledText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
