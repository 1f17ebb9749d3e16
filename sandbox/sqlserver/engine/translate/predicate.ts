import { syntaxError, unsupported } from '../errors.js';
import { child, list, type Node, optional, refuseUnknown, tagged } from '../parse/ast.js';
import { quoteText } from '../quoting.js';
import { comparable, resolveCollation } from './coercion.js';
import { collationOf } from './collation.js';
import type { Env, Scope } from './env.js';
import type { Expr } from './expr.js';
import { expr } from './expr.js';
import { isChar } from './sql-types.js';

type Evaluate = (node: Node, scope: Scope, env: Env) => Expr;

const comparisons: Readonly<Record<string, string>> = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
};
const others = new Set(['and', 'or', 'not', 'is_null', 'in', 'between', 'like', 'exists']);

export const isPredicate = (kind: string): boolean => kind in comparisons || others.has(kind);

/** Translates a search condition into a DuckDB boolean. A value where a condition must stand is 4145. */
export function predicate(node: Node, scope: Scope, env: Env, evaluate: Evaluate): string {
  const { kind, body } = tagged(node);
  const condition = (key: string): string => predicate(child(body, key), scope, env, evaluate);
  const operand = (key: string): Expr => evaluate(child(body, key), scope, env);
  const operator = comparisons[kind];
  if (operator) {
    const [left, right] = comparable(operand('left'), operand('right'));
    return `(${left} ${operator} ${right})`;
  }
  const negated = body.not === true ? 'NOT ' : '';
  switch (kind) {
    case 'paren':
      return condition('this');
    case 'and':
    case 'or':
      return `(${condition('left')} ${kind.toUpperCase()} ${condition('right')})`;
    case 'not':
      return `(NOT ${condition('this')})`;
    case 'is_null':
      refuseUnknown(body, 'IS NULL', ['this', 'not']);
      return `(${operand('this').sql} IS ${negated}NULL)`;
    case 'between': {
      refuseUnknown(body, 'BETWEEN', ['this', 'low', 'high', 'not']);
      const tested = operand('this');
      const [a, low] = comparable(tested, operand('low'));
      const [b, high] = comparable(tested, operand('high'));
      return `(${negated}(${a} >= ${low} AND ${b} <= ${high}))`;
    }
    case 'in':
      return membership(body, operand('this'), negated, scope, env, evaluate);
    case 'like':
      return like(body, operand('left'), operand('right'));
    case 'exists':
      return `(${negated}EXISTS (${env.query(child(body, 'this'), scope).sql}))`;
    case 'subquery':
      return predicate(child(body, 'this'), scope, env, evaluate);
  }
  if (kind === 'function' || kind === 'column' || kind === 'literal') throw syntaxError(kind, 1);
  throw unsupported(`the condition ${kind}`);
}

function membership(
  body: Node,
  tested: Expr,
  negated: string,
  scope: Scope,
  env: Env,
  evaluate: Evaluate,
): string {
  refuseUnknown(body, 'IN', ['this', 'expressions', 'query', 'not']);
  const subquery = optional(body, 'query');
  if (subquery) {
    const query = env.query(subquery, scope);
    const [only, second] = query.columns;
    if (!only || second) throw unsupported('a sub-select of several columns in IN');
    const alias = env.alias();
    const [left, right] = comparable(tested, expr(`${alias}.c1`, only.type, only.nullable));
    return `(${left} ${negated}IN (SELECT ${right} FROM (${query.sql}) ${alias}))`;
  }
  const pairs = list(body, 'expressions').map((item) => comparable(tested, evaluate(item, scope, env)));
  const first = pairs[0]?.[0];
  if (pairs.every(([left]) => left === first)) {
    return `(${first} ${negated}IN (${pairs.map(([, right]) => right).join(', ')}))`;
  }
  return `(${negated}(${pairs.map(([left, right]) => `${left} = ${right}`).join(' OR ')}))`;
}

// Trailing blanks of the pattern count in LIKE (docs: LIKE, "String comparison with trailing spaces").
function like(body: Node, tested: Expr, pattern: Expr): string {
  refuseUnknown(body, 'LIKE', ['left', 'right', 'escape']);
  if (!isChar(tested.type) || typeof pattern.constant !== 'string') {
    throw unsupported('LIKE with anything but text and a constant pattern');
  }
  if (pattern.constant.includes('[')) throw unsupported('[…] in a LIKE pattern');
  const escaped = optional(body, 'escape');
  const character = escaped && tagged(escaped).body.value;
  if (escaped && typeof character !== 'string') throw unsupported('this ESCAPE');
  const { caseSensitive } = collationOf(resolveCollation(tested, pattern).collation);
  const folded = (sql: string): string => (caseSensitive ? sql : `lower(${sql})`);
  const suffix = typeof character === 'string' ? ` ESCAPE ${quoteText(character)}` : '';
  return `(${folded(tested.sql)} LIKE ${folded(pattern.sql)}${suffix})`;
}
