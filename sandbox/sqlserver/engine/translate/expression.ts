import { notInGroupBy, syntaxError, undeclaredVariable, unsupported } from '../errors.js';
import {
  child,
  identifier,
  type Node,
  optional,
  refuseUnknown,
  type Tagged,
  tagged,
  text,
} from '../parse/ast.js';
import type { SqlType } from '../types.js';
import { aggregate, isAggregate } from './aggregates.js';
import { arithmetic, arithmeticOperators, negate } from './arithmetic.js';
import { castTo, collate, unify, untypedNull } from './coercion.js';
import { convert, explicitConversion } from './conversion.js';
import type { Env, Scope } from './env.js';
import { type Expr, expr, literal } from './expr.js';
import { callFunction } from './functions.js';
import { globalVariable } from './global-variables.js';
import { isPredicate, predicate } from './predicate.js';
import { runningSum } from './running-sum.js';
import { duckType, parseType } from './sql-types.js';

/** The text of a syntax tree without source positions: equal for equal expressions. */
export const normalText = (node: Node): string =>
  JSON.stringify(node, (key, value: unknown) =>
    key === 'span' || key.endsWith('comments') ? undefined : value,
  ).toLowerCase();

/** Translates a scalar expression. */
export function value(node: Node, scope: Scope, env: Env): Expr {
  const { grouping } = scope;
  if (grouping && !grouping.inAggregate) {
    const grouped = grouping.byText.get(normalText(node));
    if (grouped) return grouped;
  }
  const { kind, body } = tagged(node);
  if (isAggregate(kind, body)) return inAggregate(kind, body, scope, env);
  if (kind === 'window_function') return runningSum(body, (argument) => value(argument, scope, env));
  if (kind in arithmeticOperators) {
    return arithmetic(kind, value(child(body, 'left'), scope, env), value(child(body, 'right'), scope, env));
  }
  return form({ kind, body }, scope, env);
}

function form({ kind, body }: Tagged, scope: Scope, env: Env): Expr {
  const inner = (key = 'this'): Expr => value(child(body, key), scope, env);
  switch (kind) {
    case 'null':
      return untypedNull;
    case 'literal':
      return literalOf(body, env);
    case 'column':
      return column(body, scope, env);
    case 'dot':
      return column(flattened(body), scope, env);
    case 'parameter':
      return globalVariable(text(body, 'name') ?? '', env);
    case 'paren':
      return inner();
    case 'neg':
      return negate(inner());
    case 'collation':
      return collate(inner(), text(body, 'collation') ?? '', env.server.productVersion);
    case 'case':
      return caseOf(body, scope, env);
    case 'cast':
      refuseUnknown(body, 'CAST', ['this', 'to']);
      return explicitConversion(inner(), parseType(child(body, 'to'), env.database.collation, 30));
    case 'subquery':
    case 'select':
    case 'union':
      return scalarSubquery(kind === 'subquery' ? child(body, 'this') : { [kind]: body }, scope, env);
    case 'if_func':
      return caseOf(
        { whens: [[child(body, 'condition'), child(body, 'true_value')]], else_: child(body, 'false_value') },
        scope,
        env,
      );
  }
  if (isPredicate(kind)) throw syntaxError(kind, 1);
  return callFunction(kind, body, env, (argument) => value(argument, scope, env));
}

function inAggregate(kind: string, body: Node, scope: Scope, env: Env): Expr {
  const { grouping } = scope;
  if (!grouping) throw unsupported(`an aggregate (${kind.toUpperCase()}) here`);
  if (grouping.inAggregate) throw unsupported('an aggregate in an aggregate');
  grouping.inAggregate = true;
  try {
    return aggregate(kind, body, (argument) => value(argument, scope, env));
  } finally {
    grouping.inAggregate = false;
  }
}

function literalOf(body: Node, env: Env): Expr {
  const content = text(body, 'value') ?? '';
  const { collation } = env.database;
  switch (text(body, 'literal_type')) {
    case 'string':
      return literal(content, { name: 'varchar', length: stringLength(content, 8000), collation });
    case 'national_string':
      return literal(content, { name: 'nvarchar', length: stringLength(content, 4000), collation });
    case 'number':
      return numberLiteral(content);
    case 'hex_string':
      return literal(Buffer.from(content.length % 2 ? `0${content}` : content, 'hex'), {
        name: 'varbinary',
        length: Math.max(1, Math.ceil(content.length / 2)),
      });
  }
  throw unsupported('this literal');
}

const stringLength = (content: string, limit: number): number | 'max' =>
  content.length > limit ? 'max' : Math.max(1, content.length);

function numberLiteral(content: string): Expr {
  if (/e/i.test(content)) return literal(Number(content), { name: 'float' });
  if (/^\d+$/.test(content) && Number(content) <= 2147483647)
    return literal(Number(content), { name: 'int' });
  const [whole = '', fraction = ''] = content.split('.');
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  const type: SqlType = {
    name: 'decimal',
    precision: Math.max(digits.length, fraction.length, 1),
    scale: fraction.length,
  };
  if (type.precision > 38) throw unsupported('numbers of more than 38 digits');
  return literal(BigInt(digits || '0'), type);
}

function column(body: Node, scope: Scope, env: Env): Expr {
  refuseUnknown(body, 'a column', ['name', 'table', 'schema', 'catalog']);
  const name = identifier(body, 'name') ?? '';
  const qualifier = ['catalog', 'schema', 'table'].flatMap((key) => identifier(body, key) ?? []);
  if (name.startsWith('@') && qualifier.length === 0) return parameter(name, env);
  const resolved = scope.column(name, qualifier);
  const { grouping } = resolved.scope;
  if (!grouping || grouping.inAggregate) return resolved.expr;
  const grouped = grouping.bySql.get(resolved.expr.sql);
  if (!grouped) throw notInGroupBy([...qualifier, name].join('.'));
  return grouped;
}

// schema.table.column arrives as nested dots around a column.
function flattened(body: Node): Node {
  const parts: Node[] = [child(body, 'field')];
  let node = tagged(child(body, 'this'));
  while (node.kind === 'dot') {
    parts.unshift(child(node.body, 'field'));
    node = tagged(child(node.body, 'this'));
  }
  if (node.kind !== 'column') throw unsupported('this use of a dot');
  const table = optional(node.body, 'table');
  const all = [...(table ? [table] : []), child(node.body, 'name'), ...parts];
  const [name, of, schema, catalog] = [...all].reverse();
  return { name, table: of, schema, catalog };
}

function parameter(name: string, env: Env): Expr {
  const found = env.parameters.get(name.toLowerCase());
  if (!found) throw undeclaredVariable(name);
  return literal(found.value, found.type);
}

function caseOf(body: Node, scope: Scope, env: Env): Expr {
  refuseUnknown(body, 'CASE', ['operand', 'whens', 'else_']);
  const operand = optional(body, 'operand');
  const whens = Array.isArray(body.whens) ? (body.whens as readonly (readonly [Node, Node])[]) : [];
  const otherwise = optional(body, 'else_');
  const results = whens.map(([, result]) => value(result, scope, env));
  const { type, values } = unify([...results, otherwise ? value(otherwise, scope, env) : untypedNull]);
  const branches = whens.map(([condition], index) => {
    const test = operand ? { eq: { left: operand, right: condition } } : condition;
    return `WHEN ${predicate(test, scope, env, value)} THEN ${values[index]?.sql}`;
  });
  const last = values[values.length - 1];
  const label = values.find((branch) => branch.label)?.label;
  const ascii = values.every((branch) => branch.ascii === true);
  return {
    ...expr(
      `CASE ${branches.join(' ')} ELSE ${last?.sql ?? castTo('NULL', type)} END`,
      type,
      values.some((branch) => branch.nullable),
    ),
    ...(label ? { label } : {}),
    ...(ascii ? { ascii } : {}),
  };
}

function scalarSubquery(node: Node, scope: Scope, env: Env): Expr {
  const query = env.query(node, scope);
  const [only, second] = query.columns;
  if (!only || second) throw unsupported('a sub-select of several columns here');
  return expr(`(${query.sql})`, only.type, true);
}

/** A value stored into a column: converted, or refused as the assignment would be. */
export const assigned = (source: Expr, type: SqlType): string =>
  source.sql === 'NULL' ? `CAST(NULL AS ${duckType(type)})` : convert(source, type).sql;
