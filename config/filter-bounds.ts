import type { Node } from './filter-rules.js';

/** ISO dates (`2025-01-31`), half-open; an absent side is open. */
export interface Bounds {
  readonly from?: string;
  readonly to?: string;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
const flipped: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };
/** Forms whose meaning does not depend on the session's language (Microsoft Learn, "datetime", ISO 8601 and unseparated). */
const literal = /^(\d{4})-?(\d{2})-?(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/;

/**
 * The whole days that top-level AND-ed comparisons of the chunking column with date literals leave. Never
 * narrower than the filter: the server converts a literal to the column's type, and that may round it
 * (`datetime` by 1.67 ms, `smalldatetime` by 30 s, `date` to the day), so both sides are widened to whole days.
 * The filter itself still decides about every row.
 */
export function boundsOf(where: Node, chunkColumn: string): Bounds {
  const sides = conjuncts(where).map((node) => boundsOfComparison(node, chunkColumn));
  const from = sides
    .flatMap((side) => side.from ?? [])
    .sort()
    .at(-1);
  const to = sides
    .flatMap((side) => side.to ?? [])
    .sort()
    .at(0);
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function conjuncts(node: Node): readonly Node[] {
  if (node.type !== 'binary_expr' || String(node.operator).toUpperCase() !== 'AND') return [node];
  return [...conjuncts(node.left as Node), ...conjuncts(node.right as Node)];
}

function boundsOfComparison(node: Node, chunkColumn: string): Bounds {
  if (node.type !== 'binary_expr') return {};
  const [left, right] = [node.left as Node, node.right as Node];
  const operator = String(node.operator).toUpperCase();
  if (isColumn(left, chunkColumn)) {
    if (operator !== 'BETWEEN') return side(operator, instant(right));
    const [low, high] = right.value as readonly Node[];
    return { ...side('>=', instant(low)), ...side('<=', instant(high)) };
  }
  if (isColumn(right, chunkColumn)) return side(flipped[operator] ?? operator, instant(left));
  return {};
}

function side(operator: string, at: number | undefined): Bounds {
  if (at === undefined) return {};
  const from = isoDate(at);
  if (operator === '>=' || operator === '>') return from;
  if (operator === '<') return until(at + dayMs - 1);
  if (operator === '<=') return until(at + minuteMs + dayMs);
  return operator === '=' ? { ...from, ...until(at + minuteMs + dayMs) } : {};

  function isoDate(instantMs: number): Bounds {
    return { from: new Date(instantMs).toISOString().slice(0, 10) };
  }
  function until(instantMs: number): Bounds {
    const day = new Date(instantMs).toISOString();
    // Beyond the last day of the calendar every side is open.
    return day.length === 24 ? { to: day.slice(0, 10) } : {};
  }
}

/** Names are compared without case, as the default collation does; a wider hull is never wrong. */
function isColumn(node: Node, name: string): boolean {
  return node.type === 'column_ref' && String(node.column).toLowerCase() === name.toLowerCase();
}

/** Milliseconds of a literal date, fractions rounded up, or undefined where it is none. */
function instant(node: Node | undefined): number | undefined {
  if (node?.type !== 'single_quote_string' && node?.type !== 'var_string') return undefined;
  const match = literal.exec(String(node.value).trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? '0'));
  if (year === undefined || month === undefined || year < 1753) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  if (new Date(midnight).getUTCMonth() !== month - 1 || new Date(midnight).getUTCDate() !== day)
    return undefined;
  const time = (((hour ?? 0) * 60 + (minute ?? 0)) * 60 + (second ?? 0)) * 1000;
  if (time >= dayMs) return undefined;
  return midnight + time + Math.ceil(Number(`0.${match[7] ?? '0'}`) * 1000);
}
