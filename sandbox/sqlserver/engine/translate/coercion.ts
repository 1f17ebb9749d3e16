import { collationConflict, invalidCollation, operandClash } from '../errors.js';
import { macro } from '../macros.js';
import type { SqlType } from '../types.js';
import { collationOf, comparisonKey } from './collation.js';
import { convert } from './conversion.js';
import { type Expr, expr } from './expr.js';
import { type CharType, commonType, duckType, isChar, isUnicode, typeName } from './sql-types.js';

/** The untyped literal NULL: it takes the type of what it meets. */
export const untypedNull: Expr = { sql: 'NULL', type: { name: 'int' }, nullable: true, constant: null };

export const isUntyped = (value: Expr): boolean => value.sql === 'NULL';

/**
 * Collation precedence (docs: "Collation Precedence"): explicit over implicit over coercible-default.
 * Throws 468 where two of the same rank differ.
 */
export function resolveCollation(
  left: Expr,
  right: Expr,
): Pick<Expr, 'label'> & { readonly collation: string } {
  const rank = (value: Expr): number => (value.label === 'explicit' ? 2 : value.label === 'implicit' ? 1 : 0);
  const [low, high] = rank(left) <= rank(right) ? [left, right] : [right, left];
  const name = (value: Expr): string => (value.type as CharType).collation;
  if (!isChar(high.type)) return { collation: name(low), ...(low.label ? { label: low.label } : {}) };
  const equal = !isChar(low.type) || name(low).toLowerCase() === name(high).toLowerCase();
  if (rank(low) === rank(high) && rank(high) > 0 && !equal) throw collationConflict(name(left), name(right));
  return { collation: name(high), ...(high.label ? { label: high.label } : {}) };
}

/** The one type of several values that end up in one column: branches of CASE, COALESCE, IN, UNION. */
export function unify(values: readonly Expr[]): { readonly type: SqlType; readonly values: readonly Expr[] } {
  const typed = values.filter((value) => !isUntyped(value));
  const first = typed[0];
  if (!first)
    return { type: { name: 'int' }, values: values.map((value) => convert(value, { name: 'int' })) };
  let result: Expr = first;
  for (const value of typed.slice(1)) {
    const type = commonType(result.type, value.type);
    if (isChar(type) && isChar(result.type) && isChar(value.type)) {
      const { collation, label } = resolveCollation(result, value);
      result = { sql: '', type: { ...type, collation }, nullable: false, ...(label ? { label } : {}) };
    } else result = { sql: '', type, nullable: false, ...(result.label ? { label: result.label } : {}) };
  }
  const { label } = result;
  return {
    type: result.type,
    values: values.map((value) => {
      const converted = convert(value, result.type);
      return label && isChar(result.type) ? { ...converted, type: result.type, label } : converted;
    }),
  };
}

/** Both operands as DuckDB values that compare as SQL Server would compare the operands. */
export function comparable(left: Expr, right: Expr): readonly [string, string] {
  if (isUntyped(left) || isUntyped(right)) return [left.sql, right.sql];
  if (isChar(left.type) && isChar(right.type)) {
    const { collation } = resolveCollation(left, right);
    const unicode = isUnicode(left.type) || isUnicode(right.type);
    const wide = (value: Expr): Expr =>
      unicode && isChar(value.type) ? { ...value, type: { ...value.type, name: 'nvarchar' } } : value;
    return [comparisonKey(wide(left).sql, collation), comparisonKey(wide(right).sql, collation)];
  }
  const type = commonType(left.type, right.type);
  if (type.name === 'datetimeoffset') {
    return [instant(convert(left, type)), instant(convert(right, type))];
  }
  if (clashes(left.type, right.type)) throw operandClash(typeName(left.type), typeName(right.type));
  return [convert(left, type).sql, convert(right, type).sql];
}

const clashes = (a: SqlType, b: SqlType): boolean => {
  const pair = [a.name, b.name];
  const number = ['bit', 'tinyint', 'smallint', 'int', 'bigint', 'decimal', 'float', 'real'];
  return pair.includes('date') && pair.some((name) => number.includes(name));
};

/** A value by which groups and distinct rows are formed and rows are sorted. */
export const groupingKey = (value: Expr): string => {
  if (value.type.name === 'datetimeoffset') return instant(value);
  return isChar(value.type) ? comparisonKey(value.sql, value.type.collation) : value.sql;
};

/** Values of datetimeoffset compare as the instants that they are (docs: datetimeoffset). */
const instant = (value: Expr): string => macro('switch_offset', value.sql, '0');

const utf8Since = 15;

/**
 * `COLLATE name`: throws 448 for a collation that is not offered. The UTF-8 ones came with SQL Server 2019
 * (Microsoft Learn, "Collation and Unicode support", UTF-8 support: "introduced in SQL Server 2019 (15.x)").
 */
export function collate(value: Expr, name: string, productVersion: string): Expr {
  if (collationOf(name).utf8 && Number.parseInt(productVersion, 10) < utf8Since) throw invalidCollation(name);
  if (!isChar(value.type)) throw operandClash(typeName(value.type), 'COLLATE');
  const target: CharType = { ...value.type, collation: name };
  const converted = isUnicode(value.type) ? value : convert({ ...value, label: 'implicit' }, target);
  return { ...converted, type: target, label: 'explicit' };
}

/** A text value of a function's result: collation and label come from the argument. */
export function textLike(
  source: Expr,
  sql: string,
  length: number | 'max' | undefined,
  nullable?: boolean,
): Expr {
  const type = source.type as CharType;
  const name = isUnicode(type) ? 'nvarchar' : 'varchar';
  return {
    ...expr(sql, { ...type, name, length: length ?? type.length }, nullable ?? source.nullable),
    ...(source.label ? { label: source.label } : {}),
    ...(source.ascii ? { ascii: true } : {}),
  };
}

export const castTo = (sql: string, type: SqlType): string => `CAST(${sql} AS ${duckType(type)})`;
