import { unsupported } from '../errors.js';
import { child, type Node, optional, refuseUnknown } from '../parse/ast.js';
import { type ResultColumn, SqlServerError } from '../types.js';
import { groupingKey, unify } from './coercion.js';
import { commonTables } from './common-tables.js';
import { convert } from './conversion.js';
import { type Env, type Query, Scope } from './env.js';
import { columnExpr } from './from.js';
import { distinct, namedItem, order } from './result-shape.js';
import { isChar } from './sql-types.js';

/** UNION, UNION ALL, EXCEPT, INTERSECT: both sides brought to common types. */
export function setOperation(kind: string, body: Node, outer: Scope | undefined, env: Env): Query {
  refuseUnknown(body, kind.toUpperCase(), ['left', 'right', 'all', 'with', 'order_by', 'distinct']);
  const scope = new Scope([], commonTables(optional(body, 'with'), outer, env), outer);
  const sides = [child(body, 'left'), child(body, 'right')].map((side) => env.query(side, scope));
  const [left, right] = sides;
  if (!left || !right || left.columns.length !== right.columns.length) {
    throw new SqlServerError(
      205,
      'All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.',
    );
  }
  const columns = left.columns.map((column, index): ResultColumn => {
    const other = right.columns[index] ?? column;
    const { type } = unify([columnExpr('a', column.type, true), columnExpr('b', other.type, true)]);
    return { name: column.name, type, nullable: column.nullable || other.nullable };
  });
  if (kind !== 'union' && columns.some((column) => isChar(column.type)))
    throw unsupported(`${kind.toUpperCase()} of text`);
  const [a, b] = sides.map((side) => brought(side, columns, env));
  const all = `(${a}) ${kind === 'union' ? 'UNION ALL' : kind.toUpperCase()} (${b})`;
  const sql = kind === 'union' && body.all !== true ? distinct(all, columns) : all;
  const alias = env.alias();
  const items = columns.map((column, index) => ({
    name: column.name,
    expr: columnExpr(`${alias}.c${index + 1}`, column.type, true),
  }));
  const sorted = order(body, (node) => {
    const item = namedItem(node, items);
    if (!item)
      throw new SqlServerError(
        104,
        'ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.',
        15,
      );
    return groupingKey(item);
  });
  return { sql: sorted ? `SELECT * FROM (${sql}) ${alias}${sorted}` : sql, columns };
}

function brought(side: Query, columns: readonly ResultColumn[], env: Env): string {
  const alias = env.alias();
  const cells = columns.map((column, index) => {
    const own = side.columns[index] ?? column;
    return `${convert(columnExpr(`${alias}.c${index + 1}`, own.type, own.nullable), column.type).sql} AS c${index + 1}`;
  });
  return `SELECT ${cells.join(', ')} FROM (${side.sql}) ${alias}`;
}
