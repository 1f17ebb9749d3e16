import type { LogicalType } from '../rows/types.js';
import type { Lineage } from '../transform/lineage.js';
import { type Ast, type AstNode, digitsOf, list, node, text } from '../transform/sql-ast.js';
import { sparkFunction } from './spark-functions.js';
import { sparkName, sparkText } from './spark-literals.js';
import { alike, type Kind, type Refuse, type SparkValue } from './spark-value.js';

const comparisons: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_NOT_DISTINCT_FROM: '<=>',
};
const integers: ReadonlySet<string> = new Set(['SMALLINT', 'INTEGER', 'BIGINT']);
const exactTypes = ['INTEGER', 'BIGINT', 'SMALLINT', 'DECIMAL', 'VARCHAR'];
/** Into which of DuckDB's types a CAST gives equal values, or an error, on both engines. */
const casts: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  null: [...exactTypes, 'DATE', 'TIMESTAMP'],
  bool: ['INTEGER', 'BIGINT', 'SMALLINT', 'VARCHAR'],
  int: exactTypes,
  // Not to integers: DuckDB rounds, Spark cuts off.
  decimal: ['DECIMAL', 'VARCHAR'],
  text: ['VARCHAR'],
  date: ['TIMESTAMP', 'VARCHAR'],
  timestamp: ['DATE', 'TIMESTAMP'],
};

/**
 * An expression as DuckDB's parser has understood it, in Spark's words. Only what is known to have equal values on both
 * is let through: operators and CASTs by the kinds of their operands.
 */
export function sparkExpression(tree: AstNode, scope: Lineage['scope'], refuse: Refuse): SparkValue {
  const of = (child: Ast | undefined) => sparkExpression(node(child), scope, refuse);
  const type = text(tree.type);
  switch (tree.class) {
    case 'COLUMN_REF': {
      const origin = scope.resolve(tree);
      return {
        sql: `${sparkName(origin.alias)}.${sparkName(origin.column)}`,
        kind: kindOf(scope.typeOf(origin)),
      };
    }
    case 'CONSTANT':
      return constant(node(tree.value), refuse);
    case 'CAST':
      return cast(tree, of, refuse);
    case 'COMPARISON': {
      const [left, right] = [of(tree.left), of(tree.right)];
      alike([left, right], 'a comparison', refuse);
      if (type === 'COMPARE_DISTINCT_FROM') return bool(`NOT (${left.sql} <=> ${right.sql})`);
      return bool(`${left.sql} ${comparisons[type] ?? refuse(type)} ${right.sql}`);
    }
    case 'BETWEEN': {
      const parts = [of(tree.input), of(tree.lower), of(tree.upper)] as const;
      alike(parts, 'BETWEEN', refuse);
      return bool(`${parts[0].sql} BETWEEN ${parts[1].sql} AND ${parts[2].sql}`);
    }
    case 'CONJUNCTION': {
      const word = type === 'CONJUNCTION_AND' ? ' AND ' : ' OR ';
      return bool(conditions(list(tree.children).map(of), refuse).join(word));
    }
    case 'CASE':
      return caseOf(tree, of, refuse);
    case 'OPERATOR':
      return operator(type, list(tree.children).map(of), refuse);
    default:
      return sparkFunction(text(tree.function_name).toLowerCase(), list(tree.children).map(node), of, refuse);
  }
}

function kindOf(type: LogicalType): Kind {
  return type.kind === 'timestamp' && type.precision === 7 ? 'timestamp7' : type.kind;
}

function bool(sql: string): SparkValue {
  return { sql: `(${sql})`, kind: 'bool' };
}

function conditions(values: readonly SparkValue[], refuse: Refuse): readonly string[] {
  const odd = values.find(({ kind }) => kind !== 'bool' && kind !== 'null');
  if (odd) refuse(`a condition of the kind ${odd.kind}`);
  return values.map(({ sql }) => sql);
}

function constant(value: AstNode, refuse: Refuse): SparkValue {
  if (value.is_null === true) return { sql: 'NULL', kind: 'null' };
  const { id, type_info } = node(value.type);
  if (id === 'VARCHAR') return { sql: sparkText(text(value.value)), kind: 'text' };
  if (integers.has(text(id))) return { sql: `(${digitsOf(value.value)})`, kind: 'int' };
  if (id !== 'DECIMAL') return refuse(`a constant ${text(id)}`);
  const digits = digitsOf(value.value);
  // In DuckDB's tree a decimal up to 18 digits is a number without its point; a longer one has two halves.
  if (!/^-?\d+$/.test(digits)) return refuse('a constant of more than 18 digits');
  const { width, scale } = node(type_info);
  const unscaled = digits.replace('-', '').padStart(Number(digitsOf(scale)) + 1, '0');
  const point = unscaled.length - Number(digitsOf(scale));
  const number = `${digits.startsWith('-') ? '-' : ''}${unscaled.slice(0, point)}.${unscaled.slice(point)}`;
  return { sql: `CAST('${number}' AS DECIMAL(${digitsOf(width)},${digitsOf(scale)}))`, kind: 'decimal' };
}

const written: Readonly<Record<string, { readonly as: RegExp; readonly word: string; readonly kind: Kind }>> =
  {
    DATE: { as: /^\d{4}-\d\d-\d\d$/, word: 'DATE', kind: 'date' },
    TIMESTAMP: {
      as: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/,
      word: 'TIMESTAMP_NTZ',
      kind: 'timestamp',
    },
  };

function cast(tree: AstNode, of: (child: Ast | undefined) => SparkValue, refuse: Refuse): SparkValue {
  const child = node(tree.child);
  const id = text(node(tree.cast_type).id);
  const literal = child.class === 'CONSTANT' ? text(node(child.value).value) : '';
  // What the parser makes of TRUE and FALSE.
  if (id === 'BOOLEAN' && (literal === 't' || literal === 'f'))
    return { sql: literal === 't' ? 'TRUE' : 'FALSE', kind: 'bool' };
  const form = written[id];
  if (form?.as.test(literal)) return { sql: `${form.word} '${literal}'`, kind: form.kind };
  const value = of(child);
  if (tree.try_cast === true) refuse('TRY_CAST');
  if (casts[value.kind]?.includes(id) !== true) refuse(`CAST of ${value.kind} to ${id}`);
  if (id === 'VARCHAR') return { sql: `CAST(${value.sql} AS STRING)`, kind: 'text' };
  if (id === 'TIMESTAMP') return { sql: `CAST(${value.sql} AS TIMESTAMP_NTZ)`, kind: 'timestamp' };
  if (id === 'DATE') return { sql: `CAST(${value.sql} AS DATE)`, kind: 'date' };
  if (id !== 'DECIMAL') return { sql: `CAST(${value.sql} AS ${id})`, kind: 'int' };
  const { width, scale } = node(node(tree.cast_type).type_info);
  return { sql: `CAST(${value.sql} AS DECIMAL(${digitsOf(width)},${digitsOf(scale)}))`, kind: 'decimal' };
}

function caseOf(tree: AstNode, of: (child: Ast | undefined) => SparkValue, refuse: Refuse): SparkValue {
  const checks = list(tree.case_checks).map(node);
  const whens = conditions(
    checks.map(({ when_expr }) => of(when_expr)),
    refuse,
  );
  const thens = checks.map(({ then_expr }) => of(then_expr));
  const otherwise = of(tree.else_expr);
  const kind = alike([...thens, otherwise], 'a CASE', refuse);
  const branches = whens.map((when, index) => `WHEN ${when} THEN ${thens[index]?.sql}`);
  return { sql: `CASE ${branches.join(' ')} ELSE ${otherwise.sql} END`, kind };
}

function operator(type: string, values: readonly SparkValue[], refuse: Refuse): SparkValue {
  const [first, ...others] = values.map(({ sql }) => sql);
  switch (type) {
    case 'OPERATOR_NOT':
      return bool(`NOT ${conditions(values, refuse).join('')}`);
    case 'OPERATOR_IS_NULL':
      return bool(`${first} IS NULL`);
    case 'OPERATOR_IS_NOT_NULL':
      return bool(`${first} IS NOT NULL`);
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN': {
      alike(values, 'IN', refuse);
      return bool(`${first} ${type === 'COMPARE_IN' ? 'IN' : 'NOT IN'} (${others.join(', ')})`);
    }
    case 'OPERATOR_COALESCE':
      return { sql: `coalesce(${[first, ...others].join(', ')})`, kind: alike(values, 'coalesce', refuse) };
    default:
      return refuse(type);
  }
}
