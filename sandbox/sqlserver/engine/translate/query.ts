import { syntaxError, unsupported } from '../errors.js';
import { child, identifier, list, type Node, optional, refuseUnknown, tagged } from '../parse/ast.js';
import type { ResultColumn } from '../types.js';
import { SqlServerError } from '../types.js';
import { containsAggregate } from './aggregates.js';
import { groupingKey, isUntyped } from './coercion.js';
import { commonTables } from './common-tables.js';
import { type Env, type Grouping, matches, type Query, Scope } from './env.js';
import { type Expr, expr } from './expr.js';
import { normalText, value } from './expression.js';
import { fromClause, valuesQuery } from './from.js';
import { predicate } from './predicate.js';
import { distinct, type Item, namedItem, order } from './result-shape.js';
import { setOperation } from './set-operation.js';
import { duckType, isChar } from './sql-types.js';

/** Translates SELECT, UNION, EXCEPT, INTERSECT or a parenthesised query. */
export function translateQuery(node: Node, outer: Scope | undefined, env: Env): Query {
  const { kind, body } = tagged(node);
  if (kind === 'select') return select(body, outer, env);
  if (kind === 'union' || kind === 'except' || kind === 'intersect')
    return setOperation(kind, body, outer, env);
  if (kind === 'subquery' || kind === 'paren') return translateQuery(child(body, 'this'), outer, env);
  if (kind === 'values') {
    const query = valuesQuery(body, new Scope([], [], outer), env);
    return { sql: query.sql, columns: query.columns };
  }
  throw unsupported(`${kind} as a query`);
}

const clauses = [
  'expressions',
  'from',
  'joins',
  'where_clause',
  'group_by',
  'having',
  'order_by',
  'top',
  'with',
  'distinct',
  'offset',
  'fetch',
];

function select(body: Node, outer: Scope | undefined, env: Env): Query {
  refuseUnknown(body, 'SELECT', clauses);
  const tables = commonTables(optional(body, 'with'), outer, env);
  const from = optional(body, 'from');
  const { sql: fromSql, scope } = fromClause(
    from ? list(from, 'expressions') : [],
    list(body, 'joins'),
    tables,
    outer,
    env,
  );
  const where = optional(body, 'where_clause');
  const condition = where ? ` WHERE ${predicate(child(where, 'this'), scope, env, value)}` : '';
  const groupSql = groupBy(body, scope, env);
  const items = list(body, 'expressions').flatMap((item) => selectItem(item, scope, env));
  const having = optional(body, 'having');
  const havingSql = having ? ` HAVING ${predicate(child(having, 'this'), scope, env, value)}` : '';
  const columns = items.map(
    ({ name, expr: item }): ResultColumn => ({ name, type: typeOf(item), nullable: item.nullable }),
  );
  const listSql = items.map((item, index) => `${sqlOf(item.expr)} AS c${index + 1}`).join(', ');
  const core = `SELECT ${listSql}${fromSql}${condition}${groupSql}${havingSql}`;
  const limit = limitSql(body, scope, env);
  if (body.distinct === true) {
    const sorted = order(body, (node) => distinctKey(node, items, scope, env));
    return { sql: `${distinct(core, columns)}${sorted}${limit}`, columns };
  }
  const sorted = order(body, (node) => orderKey(node, items, scope, env));
  return { sql: `${core}${sorted}${limit}`, columns };
}

const typeOf = (item: Expr): ResultColumn['type'] => (isUntyped(item) ? { name: 'int' } : item.type);
// The cast makes sure of the DuckDB type that the reader of the result counts on; mostly it is none.
const sqlOf = (item: Expr): string => `CAST(${item.sql} AS ${duckType(typeOf(item))})`;

/** GROUP BY: sets what the select list may name above the grouping, and gives the clause. */
function groupBy(body: Node, scope: Scope, env: Env): string {
  const group = optional(body, 'group_by');
  const aggregated = ['expressions', 'having', 'order_by'].some((key) => containsAggregate(body[key]));
  if (!group && !aggregated) return '';
  if (group) refuseUnknown(group, 'GROUP BY', ['expressions']);
  const bySql = new Map<string, Expr>();
  const byText = new Map<string, Expr>();
  const keys: string[] = [];
  for (const node of group ? list(group, 'expressions') : []) {
    const key = value(node, scope, env);
    const keySql = groupingKey(key);
    keys.push(keySql);
    // Strings that compare equal are one group; which of them is shown is any, as in SQL Server.
    const shown = keySql === key.sql ? key : { ...key, sql: `any_value(${key.sql})` };
    bySql.set(key.sql, shown);
    byText.set(normalText(node), shown);
  }
  const grouping: Grouping = { bySql, byText, inAggregate: false };
  scope.grouping = grouping;
  return keys.length > 0 ? ` GROUP BY ${keys.join(', ')}` : '';
}

function selectItem(node: Node, scope: Scope, env: Env): readonly Item[] {
  const { kind, body } = tagged(node);
  if (kind === 'star') return star(body, scope);
  if (kind === 'alias') {
    refuseUnknown(body, 'an alias', ['this', 'alias']);
    return [{ name: identifier(body, 'alias') ?? '', expr: value(child(body, 'this'), scope, env) }];
  }
  if (kind === 'eq') {
    const left = tagged(child(body, 'left'));
    if (left.kind !== 'column') throw syntaxError('=', 1);
    return [{ name: identifier(left.body, 'name') ?? '', expr: value(child(body, 'right'), scope, env) }];
  }
  const name =
    kind === 'column'
      ? (identifier(body, 'name') ?? '')
      : kind === 'dot'
        ? (identifier(body, 'field') ?? '')
        : '';
  return [{ name: name.startsWith('@') ? '' : name, expr: value(node, scope, env) }];
}

function star(body: Node, scope: Scope): readonly Item[] {
  refuseUnknown(body, '*', ['table']);
  const table = identifier(body, 'table');
  const sources = scope.sources.filter((source) => table === undefined || matches(source, [table]));
  if (table !== undefined && sources.length === 0) {
    throw new SqlServerError(4104, `The multi-part identifier "${table}.*" could not be bound.`);
  }
  if (sources.length === 0) throw new SqlServerError(263, 'Must specify table to select from.');
  if (scope.grouping) throw unsupported('* with GROUP BY');
  return sources.flatMap((source) => source.columns);
}

const orderKey = (node: Node, items: readonly Item[], scope: Scope, env: Env): string =>
  groupingKey(namedItem(node, items) ?? value(node, scope, env));

function distinctKey(node: Node, items: readonly Item[], scope: Scope, env: Env): string {
  const named = namedItem(node, items);
  const wanted = named?.sql ?? value(node, scope, env).sql;
  const index = items.findIndex((item) => item.expr.sql === wanted);
  const item = items[index];
  if (!item) {
    throw new SqlServerError(
      145,
      'ORDER BY items must appear in the select list if SELECT DISTINCT is specified.',
      15,
    );
  }
  const name = `c${index + 1}`;
  return isChar(item.expr.type) ? groupingKey(expr(`any_value(${name})`, item.expr.type, true)) : name;
}

/** TOP (n), or OFFSET … FETCH …. */
function limitSql(body: Node, scope: Scope, env: Env): string {
  const top = optional(body, 'top');
  const offset = optional(body, 'offset');
  const fetch = optional(body, 'fetch');
  if (top) {
    refuseUnknown(top, 'TOP', ['this', 'parenthesized']);
    return ` LIMIT ${rowCount(child(top, 'this'), scope, env)}`;
  }
  if (!offset && !fetch) return '';
  if (!optional(body, 'order_by')) throw syntaxError('OFFSET', 1);
  const limit = fetch ? ` LIMIT ${rowCount(child(fetch, 'count'), scope, env)}` : '';
  return `${limit}${offset ? ` OFFSET ${rowCount(optional(offset, 'this') ?? offset, scope, env)}` : ''}`;
}

function rowCount(node: Node, scope: Scope, env: Env): bigint {
  const count = value(node, scope, env).constant;
  if (typeof count !== 'number' && typeof count !== 'bigint') throw unsupported('a computed number of rows');
  return BigInt(count);
}
