import { type Ast, type AstNode, digitsOf, node, text } from '../transform/sql-ast.js';
import { sparkText } from './spark-literals.js';
import { alike, type Kind, type Refuse, type SparkValue } from './spark-value.js';

/** What one function takes: values of these kinds, then constants. */
interface Form {
  readonly takes: readonly Kind[];
  readonly gives: Kind;
  /** Constant integers behind the values, and the least that each may be: below, the engines part. */
  readonly least?: readonly number[];
  /** A constant text behind the values, which may not be empty. */
  readonly constant?: true;
  readonly write: (...operands: readonly string[]) => string;
}

const called =
  (name: string) =>
  (...operands: readonly string[]) =>
    `${name}(${operands.join(', ')})`;
const trimmed = (where: string) => (value?: string, set?: string) => `trim(${where} ${set} FROM ${value})`;
const between = (sign: string) => (left?: string, right?: string) => `(${left} ${sign} ${right})`;
const textTo = (gives: Kind, name: string): Form => ({ takes: ['text'], gives, write: called(name) });
const cut = (name: string, ...least: readonly number[]): Form => ({
  ...{ takes: ['text'], gives: 'text', write: called(name), least },
});
const trim = (where: string): Form => ({
  ...{ takes: ['text'], gives: 'text', write: trimmed(where), constant: true },
});
const like = (sign: string): Form => ({
  ...{ takes: ['text'], gives: 'bool', write: between(sign), constant: true },
});

/**
 * Those that are known to give equal values. Not here, for instance: lower and upper (Java maps ß and a final Σ by
 * other rules), trim of one argument (DuckDB takes off each kind of blank), round and what computes in floating point,
 * reverse (DuckDB keeps graphemes together), chr, `/` (decimals divide to DOUBLE in DuckDB only).
 */
const forms: Readonly<Record<string, Form>> = {
  '||': { takes: ['text', 'text'], gives: 'text', write: between('||') },
  contains: { takes: ['text', 'text'], gives: 'bool', write: called('contains') },
  length: textTo('int', 'length'),
  md5: textTo('text', 'md5'),
  left: cut('left', 0),
  right: cut('right', 0),
  substring: cut('substring', 1, 0),
  substr: cut('substring', 1, 0),
  trim: trim('BOTH'),
  ltrim: trim('LEADING'),
  rtrim: trim('TRAILING'),
  '~~': like('LIKE'),
  '!~~': like('NOT LIKE'),
};
const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', 'abs']);
const choices: ReadonlySet<string> = new Set(['greatest', 'least', 'nullif']);
const partsOfDates: ReadonlySet<string> = new Set([
  'year',
  'quarter',
  'month',
  'day',
  'dayofmonth',
  'dayofyear',
]);
const partsOfTimes: ReadonlySet<string> = new Set(['hour', 'minute', 'second']);

/** A function or an operator that DuckDB's parser takes for one. */
export function sparkFunction(
  name: string,
  operands: readonly AstNode[],
  of: (operand: Ast) => SparkValue,
  refuse: Refuse,
): SparkValue {
  const form = forms[name];
  if (form !== undefined) return inForm(name, form, operands, of, refuse);
  if (name === 'date_part') {
    const [part, moment] = operands;
    return partOf(textOf(part) ?? '', moment, of, refuse);
  }
  if (partsOfDates.has(name) || partsOfTimes.has(name)) return partOf(name, operands[0], of, refuse);
  const values = operands.map(of);
  const written = values.map(({ sql }) => sql);
  const kind = alike(values, name, refuse);
  if (arithmetic.has(name)) {
    if (kind !== 'int' && kind !== 'decimal') refuse(`${name} of the kind ${kind}`);
    if (name === 'abs') return { sql: `abs(${written.join()})`, kind };
    return {
      sql: written.length === 1 ? `(${name} ${written.join()})` : `(${written.join(` ${name} `)})`,
      kind,
    };
  }
  if (choices.has(name) && kind !== 'float') return { sql: `${name}(${written.join(', ')})`, kind };
  return refuse(name);
}

function inForm(
  name: string,
  { takes, gives, least = [], constant, write }: Form,
  operands: readonly AstNode[],
  of: (operand: Ast) => SparkValue,
  refuse: Refuse,
): SparkValue {
  const values = operands.slice(0, takes.length).map(of);
  const behind = operands.slice(takes.length);
  const odd = values.find(({ kind }, index) => kind !== takes[index] && kind !== 'null');
  if (odd || values.length < takes.length) refuse(`${name} of the kind ${odd?.kind ?? 'nothing'}`);
  if (behind.length !== (constant ? 1 : least.length)) refuse(`${name} with ${operands.length} arguments`);
  const constants = behind.map((operand, index) => {
    if (!constant) {
      const number = node(node(operand).value).value;
      const digits = operand.class === 'CONSTANT' ? digitsOf(number) : '';
      return /^\d+$/.test(digits) && Number(digits) >= (least[index] ?? 0)
        ? digits
        : refuse(`${name} with anything but constants from ${least.join(' and ')} on`);
    }
    const given = textOf(operand);
    // A pattern's backslash is an escape in Spark, whatever the literal says.
    return given && !given.includes('\\')
      ? sparkText(given)
      : refuse(`${name} with anything but a constant text without a backslash`);
  });
  return { sql: write(...values.map(({ sql }) => sql), ...constants), kind: gives };
}

function partOf(
  part: string,
  moment: AstNode | undefined,
  of: (operand: Ast) => SparkValue,
  refuse: Refuse,
): SparkValue {
  const value = of(moment ?? {});
  const fits = partsOfTimes.has(part)
    ? value.kind === 'timestamp'
    : partsOfDates.has(part) && (value.kind === 'timestamp' || value.kind === 'date');
  return fits
    ? { sql: `${part}(${value.sql})`, kind: 'int' }
    : refuse(`${part || 'date_part'} of the kind ${value.kind}`);
}

function textOf(operand: AstNode | undefined): string | undefined {
  const value = node(operand?.value);
  return operand?.class === 'CONSTANT' && node(value.type).id === 'VARCHAR' ? text(value.value) : undefined;
}
