import { child, identifier, list, type Node, optional, refuseUnknown, tagged, text } from '../parse/ast.js';
import { type ResultColumn, SqlServerError } from '../types.js';
import { groupingKey } from './coercion.js';
import { type Expr, expr } from './expr.js';

/** A column of a select list. */
export interface Item {
  readonly name: string;
  readonly expr: Expr;
}

/** Rows are distinct by what compares equal; one of them is kept. */
export function distinct(core: string, columns: readonly ResultColumn[]): string {
  const keys = columns.map((column, index) => groupingKey(expr(`c${index + 1}`, column.type, true)));
  const shown = keys.map((key, index) =>
    key === `c${index + 1}` ? key : `any_value(c${index + 1}) AS c${index + 1}`,
  );
  return `SELECT ${shown.join(', ')} FROM (${core}) d GROUP BY ${keys.join(', ')}`;
}

/** ORDER BY; `key` gives what a term sorts by. NULLs sort first in SQL Server. */
export function order(body: Node, key: (node: Node) => string): string {
  const clause = optional(body, 'order_by');
  if (!clause) return '';
  const keys = list(clause, 'expressions').map((item) => {
    refuseUnknown(item, 'ORDER BY', ['this', 'desc']);
    const descending = item.desc === true;
    return `${key(child(item, 'this'))} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`;
  });
  return ` ORDER BY ${keys.join(', ')}`;
}

/** The select-list item that a term of ORDER BY means: by position or by name. */
export function namedItem(node: Node, items: readonly Item[]): Expr | undefined {
  const { kind, body } = tagged(node);
  if (kind === 'literal' && text(body, 'literal_type') === 'number') {
    const item = items[Number(text(body, 'value')) - 1];
    if (!item) {
      throw new SqlServerError(
        108,
        `The ORDER BY position number ${text(body, 'value')} is out of range of the number of items in the select list.`,
      );
    }
    return item.expr;
  }
  if (kind !== 'column' || optional(body, 'table')) return undefined;
  const name = identifier(body, 'name')?.toLowerCase();
  return items.find((item) => item.name.toLowerCase() === name)?.expr;
}
