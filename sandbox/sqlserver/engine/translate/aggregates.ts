import { invalidArgumentType, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { list, type Node, optional, refuseUnknown, tagged, text } from '../parse/ast.js';
import type { SqlType } from '../types.js';
import { fromUnscaled } from './arithmetic.js';
import { castTo, groupingKey } from './coercion.js';
import { type Expr, expr } from './expr.js';
import { asDecimal, type DecimalType, isChar, isDecimal, isFloat, isNumeric, typeName } from './sql-types.js';

const kinds = new Set(['count', 'sum', 'min', 'max', 'avg']);

const isCountBig = (kind: string, body: Node): boolean =>
  kind === 'function' && text(body, 'name')?.toUpperCase() === 'COUNT_BIG';

export const isAggregate = (kind: string, body: Node): boolean => kinds.has(kind) || isCountBig(kind, body);

/** True where an expression holds an aggregate of its own query (not of a sub-select, nor one with OVER). */
export function containsAggregate(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(containsAggregate);
  if (typeof node !== 'object' || node === null) return false;
  return Object.entries(node).some(([kind, body]) => {
    if (kind === 'select' || kind === 'union' || kind === 'window_function') return false;
    const isNode = typeof body === 'object' && body !== null && !Array.isArray(body);
    return (isNode && isAggregate(kind, body as Node)) || containsAggregate(body);
  });
}

/** COUNT, COUNT_BIG, SUM, AVG, MIN, MAX with SQL Server's result types. */
export function aggregate(kind: string, body: Node, evaluate: (node: Node) => Expr): Expr {
  if (kind === 'count' || isCountBig(kind, body)) return count(kind, body, evaluate);
  refuseUnknown(body, kind.toUpperCase(), ['this', 'distinct', 'name']);
  const node = optional(body, 'this');
  if (!node) throw unsupported(`${kind.toUpperCase()} without an argument`);
  const argument = evaluate(node);
  if (kind === 'min' || kind === 'max') return extreme(kind, argument);
  if (!isNumeric(argument.type) || argument.type.name === 'bit') {
    throw invalidArgumentType(typeName(argument.type), 1, kind);
  }
  const distinct = body.distinct === true ? 'DISTINCT ' : '';
  const sum = `sum(${distinct}${argument.sql})`;
  if (kind === 'sum') return summed(sum, argument.type);
  return average(sum, `count(${distinct}${argument.sql})`, argument.type);
}

function count(kind: string, body: Node, evaluate: (node: Node) => Expr): Expr {
  const type: SqlType = { name: kind === 'count' ? 'int' : 'bigint' };
  const [first, second] = kind === 'count' ? [optional(body, 'this')] : list(body, 'args');
  if (second) throw unsupported('COUNT of several expressions');
  const star = !first || tagged(first).kind === 'star';
  const argument = star ? undefined : groupingKey(evaluate(first));
  const distinct = body.distinct === true ? 'DISTINCT ' : '';
  const sql = argument === undefined ? 'count(*)' : `count(${distinct}${argument})`;
  return expr(type.name === 'int' ? castTo(sql, type) : sql, type, false);
}

function extreme(kind: 'min' | 'max', argument: Expr): Expr {
  if (argument.type.name === 'bit') throw invalidArgumentType('bit', 1, kind);
  const text = isChar(argument.type);
  const sql = text ? `arg_${kind}(${argument.sql}, ${groupingKey(argument)})` : `${kind}(${argument.sql})`;
  return { ...expr(sql, argument.type, true), ...(argument.label ? { label: argument.label } : {}) };
}

const integral = (type: SqlType): SqlType => (type.name === 'bigint' ? type : { name: 'int' });

function summed(sum: string, type: SqlType): Expr {
  if (isFloat(type)) return expr(castTo(sum, { name: 'float' }), { name: 'float' }, true);
  if (!isDecimal(type)) return expr(castTo(sum, integral(type)), integral(type), true);
  return expr(sum, { name: 'decimal', precision: 38, scale: type.scale }, true);
}

// SQL Server cuts the average, it does not round it.
function average(sum: string, rows: string, type: SqlType): Expr {
  if (isFloat(type)) return expr(`(${sum} / nullif(${rows}, 0))`, { name: 'float' }, true);
  if (!isDecimal(type)) {
    return expr(castTo(`(${sum} // nullif(${rows}, 0))`, integral(type)), integral(type), true);
  }
  const result: DecimalType = { name: 'decimal', precision: 38, scale: Math.max(asDecimal(type).scale, 6) };
  const shift = `CAST('1${'0'.repeat(result.scale - type.scale)}' AS HUGEINT)`;
  const quotient = `(${macro('unscaled', sum)} * ${shift} // nullif(${rows}, 0))`;
  return expr(fromUnscaled(quotient, result), result, true);
}
