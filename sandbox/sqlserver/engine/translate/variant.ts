import { unsupported } from '../errors.js';
import { quoteText } from '../quoting.js';
import type { SqlType } from '../types.js';
import { variantPrefix } from '../variant.js';
import { type Expr, expr } from './expr.js';
import { isBinary, isByteType, isLongText } from './sql-types.js';

/** Any value as sql_variant, which keeps its type; not (max), text, xml, rowversion or the CLR's (docs: sql_variant). */
export function toVariant(source: Expr, target: SqlType): Expr {
  const { type, sql } = source;
  if (type.name === 'sql_variant') return source;
  if (isByteType(type) || isLongText(type) || ('length' in type && type.length === 'max')) {
    throw unsupported(`${type.name} in a sql_variant`);
  }
  const text = isBinary(type) ? `hex(${sql})` : `CAST(${sql} AS VARCHAR)`;
  return expr(`(${quoteText(variantPrefix(type))} || ${text})`, target, source.nullable);
}
