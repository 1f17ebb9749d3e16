import { unsupported } from '../errors.js';
import { child, list, type Node, optional, refuseUnknown, tagged, text } from '../parse/ast.js';
import { aggregate } from './aggregates.js';
import { groupingKey } from './coercion.js';
import { type Expr, expr } from './expr.js';
import { duckType } from './sql-types.js';

/** `SUM(a) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING)`, which ends with the current row (docs: OVER clause). */
export function runningSum(body: Node, evaluate: (node: Node) => Expr): Expr {
  refuseUnknown(body, 'OVER', ['this', 'over']);
  const { kind, body: call } = tagged(child(body, 'this'));
  const over = child(body, 'over');
  refuseUnknown(over, 'OVER', ['order_by', 'frame']);
  const frame = optional(over, 'frame') ?? {};
  if (
    kind !== 'sum' ||
    text(frame, 'kind') !== 'Rows' ||
    text(frame, 'start') !== 'UnboundedPreceding' ||
    frame.end
  )
    throw unsupported('OVER with anything but SUM and ROWS UNBOUNDED PRECEDING');
  const total = aggregate(kind, call, evaluate);
  const plain = evaluate(child(call, 'this'));
  const order = list(over, 'order_by').map((item) => {
    refuseUnknown(item, 'ORDER BY', ['this', 'desc']);
    return `${groupingKey(evaluate(child(item, 'this')))} ${item.desc === true ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`;
  });
  const sql = `sum(${plain.sql}) OVER (ORDER BY ${order.join(', ')} ROWS UNBOUNDED PRECEDING)`;
  return expr(`CAST(${sql} AS ${duckType(total.type)})`, total.type, true);
}
