import type { MigrationError } from '../engine/errors.js';

/** A node of the parser's tree; its own type declarations do not cover what it produces. */
export type Node = { readonly type: string; readonly [key: string]: unknown };

interface Rules {
  readonly quoted: ReadonlySet<string>;
  readonly column: (name: string) => void;
  readonly refuse: (reason: string, offset?: number) => MigrationError;
}

const comparisons = new Set(['=', '<>', '!=', '<', '<=', '>', '>=', 'LIKE', 'NOT LIKE']);
const arithmetic = new Set(['+', '-', '*', '/', '%']);
const literals = new Set([
  'single_quote_string',
  'var_string',
  'number',
  'bigint',
  'full_hex_string',
  'null',
]);
/** Deterministic and without side effects. A clock or a random number would differ between plan and export. */
const functions = new Set(
  'ABS COALESCE DAY ISNULL LEFT LEN LOWER LTRIM MONTH NULLIF RIGHT ROUND RTRIM SUBSTRING UPPER YEAR'.split(
    ' ',
  ),
);
const dateFunctions = new Set(['DATEADD', 'DATEDIFF', 'DATEPART']);
const plainName = /^[\p{L}_][\p{L}\p{N}_@$#]*$/u;

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Walks what must be true or false; anything not listed here is refused. */
export function checkPredicate(node: Node, rules: Rules): void {
  const negated = negatedPart(node);
  if (negated !== undefined) {
    checkPredicate(negated, rules);
    return;
  }
  if (node.type !== 'binary_expr') throw rules.refuse(`${describe(node)} is not a condition`);
  const operator = String(node.operator).toUpperCase();
  const [left, right] = [child(node.left, rules), child(node.right, rules)];
  if (operator === 'AND' || operator === 'OR') {
    checkPredicate(left, rules);
    checkPredicate(right, rules);
  } else {
    checkScalar(left, rules);
    checkRightSide(operator, left, right, rules);
  }
}

function checkRightSide(operator: string, left: Node, right: Node, rules: Rules): void {
  if (operator === 'IS' || operator === 'IS NOT') {
    if (right.type !== 'null') throw rules.refuse(`${operator} is allowed with NULL only`);
  } else if (/^(NOT )?(IN|BETWEEN)$/.test(operator)) {
    checkList(right, rules);
  } else if (!comparisons.has(operator)) {
    throw rules.refuse(`operator '${operator}' is not allowed`);
  } else if (right.type === 'null' || left.type === 'null') {
    // Never true, so it would leave out every row without a word.
    throw rules.refuse('NULL is compared by IS NULL or IS NOT NULL');
  } else {
    checkScalar(right, rules);
  }
}

function checkScalar(node: Node, rules: Rules): void {
  if (node.type === 'column_ref') checkColumn(node, rules);
  else if (node.type === 'case') checkCase(node, rules);
  else for (const part of scalarParts(node, rules)) checkScalar(child(part, rules), rules);
}

/** What an expression is made of; anything not listed here is refused. */
function scalarParts(node: Node, rules: Rules): readonly unknown[] {
  if (literals.has(node.type)) return [];
  if (node.type === 'function') return allowedArguments(node, rules);
  if (node.type === 'cast' && node.keyword === 'cast') return [node.expr];
  if (node.type === 'unary_expr' && (node.operator === '-' || node.operator === '+')) return [node.expr];
  if (node.type === 'binary_expr' && arithmetic.has(String(node.operator))) return [node.left, node.right];
  throw rules.refuse(`${describe(node)} is not allowed`);
}

function checkColumn(node: Node, rules: Rules): void {
  const name = String(node.column);
  if (node.table !== null || node.schema !== null || node.db !== null) {
    throw rules.refuse(`column '${name}' is allowed by its bare name only`);
  }
  if (node.collate !== null && node.collate !== undefined) throw rules.refuse('COLLATE is not allowed');
  if (!plainName.test(name) && !rules.quoted.has(name)) {
    throw rules.refuse(`'${name}' is no column name; put it in brackets, or blanks around a minus`);
  }
  rules.column(name);
}

function allowedArguments(node: Node, rules: Rules): readonly unknown[] {
  const name = functionName(node);
  if (functions.has(name)) return functionArguments(node);
  // The first argument is the name of a date part, which the parser takes for a column.
  if (dateFunctions.has(name)) return functionArguments(node).slice(1);
  const allowed = [...functions, ...dateFunctions, 'CAST'].sort().join(', ');
  throw rules.refuse(`function '${name}' is not allowed (allowed: ${allowed})`);
}

function checkCase(node: Node, rules: Rules): void {
  const value = node.expr === null ? undefined : child(node.expr, rules);
  if (value !== undefined) checkScalar(value, rules);
  for (const branch of node.args as readonly Node[]) {
    if (branch.type === 'when') {
      const condition = child(branch.cond, rules);
      if (value === undefined) checkPredicate(condition, rules);
      else checkScalar(condition, rules);
    }
    checkScalar(child(branch.result, rules), rules);
  }
}

function checkList(node: Node, rules: Rules): void {
  if (node.type !== 'expr_list' || !Array.isArray(node.value))
    throw rules.refuse(`${describe(node)} is not allowed`);
  for (const value of node.value) checkScalar(child(value, rules), rules);
}

/** What NOT negates; the parser gives `NOT (…)` as a function and `NOT …` as an operator. */
function negatedPart(node: Node): Node | undefined {
  if (node.type === 'unary_expr' && node.operator === 'NOT' && isNode(node.expr)) return node.expr;
  if (node.type !== 'function' || functionName(node) !== 'NOT') return undefined;
  const [only, ...more] = functionArguments(node);
  return more.length === 0 && isNode(only) ? only : undefined;
}

function functionName(node: Node): string {
  const { schema, name } = node.name as { schema?: { value: string }; name: readonly { value: string }[] };
  return [schema?.value, ...name.map((part) => part.value)]
    .filter((part) => part !== undefined)
    .join('.')
    .toUpperCase();
}

function functionArguments(node: Node): readonly unknown[] {
  return (node.args as { value?: readonly unknown[] } | undefined)?.value ?? [];
}

function child(value: unknown, rules: Rules): Node {
  if (isNode(value)) return value;
  // A nested SELECT is the one thing that the parser gives without a type of its own.
  throw rules.refuse('a sub-query is not allowed');
}

function describe(node: Node): string {
  if (node.type === 'column_ref') return `column '${String(node.column)}' alone`;
  if (node.type === 'function') return `function '${functionName(node)}' alone`;
  if (node.type === 'binary_expr') return `operator '${String(node.operator)}' here`;
  if (node.type === 'unary_expr') return `'${String(node.operator)}' here`;
  return `an expression of kind '${node.type}'`;
}
