import { argumentCount, unknownFunction, unsupported } from '../errors.js';
import { integer, list, type Node, optional, refuseUnknown, tagged, text } from '../parse/ast.js';
import { concat } from './arithmetic.js';
import type { BuiltIn } from './built-in.js';
import { comparable, unify } from './coercion.js';
import { convert, explicitConversion } from './conversion.js';
import { dateFunctions } from './date-functions.js';
import type { Env } from './env.js';
import { type Expr, expr } from './expr.js';
import { metadataFunctions } from './metadata-functions.js';
import { parseType } from './sql-types.js';
import { stringFunctions } from './string-functions.js';

// Functions for which the parser has a form of its own, with the keys of their arguments.
const forms: Readonly<Record<string, readonly [name: string, ...keys: string[]]>> = {
  upper: ['UPPER', 'this'],
  lower: ['LOWER', 'this'],
  abs: ['ABS', 'this'],
  length: ['LEN', 'this'],
  year: ['YEAR', 'this'],
  month: ['MONTH', 'this'],
  day: ['DAY', 'this'],
  coalesce: ['COALESCE', 'expressions'],
  substring: ['SUBSTRING', 'this', 'start', 'length'],
  trim: ['TRIM', 'this'],
  replace: ['REPLACE', 'this', 'old', 'new'],
};

const logic: Readonly<Record<string, BuiltIn>> = {
  // The type of the first argument, not of the stronger one (docs: ISNULL, "Return types").
  ISNULL: { min: 2, max: 2, build: (args) => isNull(args) },
  COALESCE: {
    min: 2,
    max: 1000,
    build: (args) => {
      const { type, values } = unify(args);
      const label = values.find((value) => value.label)?.label;
      return {
        ...expr(
          `coalesce(${values.map((value) => value.sql).join(', ')})`,
          type,
          values.every((v) => v.nullable),
        ),
        ...(label ? { label } : {}),
      };
    },
  },
  NULLIF: {
    min: 2,
    max: 2,
    build: ([left, right]) => {
      if (!left || !right) throw argumentCount('nullif', '2');
      const [a, b] = comparable(left, right);
      return { ...left, sql: `CASE WHEN ${a} = ${b} THEN NULL ELSE ${left.sql} END`, nullable: true };
    },
  },
  CONCAT: { min: 2, max: 254, build: (args, env) => concat(args, env.database.collation) },
};

const builtIns: Readonly<Record<string, BuiltIn>> = {
  ...logic,
  ...stringFunctions,
  ...dateFunctions,
  ...metadataFunctions,
};

function isNull([first, second]: readonly Expr[]): Expr {
  if (!first || !second) throw argumentCount('isnull', '2');
  const fallback = first.sql === 'NULL' ? second : convert(second, first.type);
  return {
    ...expr(`coalesce(${first.sql}, ${fallback.sql})`, fallback.type, first.nullable && second.nullable),
    ...(first.label ? { label: first.label } : {}),
    ...(first.ascii && isAsciiConstant(second) ? { ascii: true } : {}),
  };
}

const isAsciiConstant = (value: Expr): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what ASCII means
  value.ascii === true || (typeof value.constant === 'string' && /^[\x01-\x7f]*$/.test(value.constant));

/** Translates a call; `evaluate` translates an argument. Throws 195 for a function that is not known. */
export function callFunction(kind: string, body: Node, env: Env, evaluate: (node: Node) => Expr): Expr {
  const form = forms[kind];
  if (!form && kind !== 'function') throw unsupported(`the expression ${kind}`);
  if (!form) refuseUnknown(body, 'a function call', ['name', 'args', 'no_parens', 'use_bracket_syntax']);
  const [name, ...keys] = form ?? [(text(body, 'name') ?? '').toUpperCase()];
  const nodes = form
    ? keys.flatMap((key) => (Array.isArray(body[key]) ? list(body, key) : (optional(body, key) ?? [])))
    : list(body, 'args');
  if (name === 'CONVERT') return convertCall(nodes, env, evaluate);
  if (name === 'DATEADD' || name === 'DATEDIFF' || name === 'DATEPART' || name === 'DATE_PART') {
    return datePartCall(name, nodes, env, evaluate);
  }
  const found = builtIns[name];
  if (!found) throw unknownFunction(name.toLowerCase());
  if (nodes.length < found.min || nodes.length > found.max)
    throw argumentCount(name.toLowerCase(), String(found.min));
  return found.build(nodes.map(evaluate), env);
}

function convertCall(nodes: readonly Node[], env: Env, evaluate: (node: Node) => Expr): Expr {
  const [type, source, style] = nodes;
  if (!type || !source) throw argumentCount('convert', '2 to 3');
  const { kind, body } = tagged(type);
  if (kind !== 'data_type') throw unsupported('this type in CONVERT');
  const number = style && evaluate(style).constant;
  if (style && typeof number !== 'number') throw unsupported('a style that is no constant in CONVERT');
  const target = parseType(body, env.database.collation, 30);
  return explicitConversion(evaluate(source), target, typeof number === 'number' ? number : undefined);
}

// The first argument is a name (day, month, …), not a value.
function datePartCall(name: string, nodes: readonly Node[], env: Env, evaluate: (node: Node) => Expr): Expr {
  const [part, ...rest] = nodes;
  const { kind, body } = tagged(part ?? {});
  const column = kind === 'column' ? text(optional(body, 'name') ?? {}, 'name') : undefined;
  const word = kind === 'var' ? text(body, 'this') : column;
  if (word === undefined || integer(body, 'this') !== undefined)
    throw unsupported(`this date part in ${name}`);
  const built = dateFunctions[`${name === 'DATE_PART' ? 'DATEPART' : name} ${datePart(word)}`];
  if (!built) throw unsupported(`the date part ${word} in ${name}`);
  if (rest.length !== built.min) throw argumentCount(name.toLowerCase(), String(built.min + 1));
  return built.build(rest.map(evaluate), env);
}

const abbreviations: Readonly<Record<string, string>> = {
  yy: 'year',
  yyyy: 'year',
  qq: 'quarter',
  q: 'quarter',
  mm: 'month',
  m: 'month',
  dd: 'day',
  d: 'day',
  wk: 'week',
  ww: 'week',
  hh: 'hour',
  mi: 'minute',
  n: 'minute',
  ss: 'second',
  s: 'second',
  ms: 'millisecond',
  mcs: 'microsecond',
};

const datePart = (word: string): string => abbreviations[word.toLowerCase()] ?? word.toLowerCase();
