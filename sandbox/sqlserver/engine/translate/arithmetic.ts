import { invalidArgumentType, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import type { SqlType } from '../types.js';
import { castTo, isUntyped, resolveCollation, unify } from './coercion.js';
import { convert } from './conversion.js';
import { type Expr, expr, nullOf } from './expr.js';
import {
  asDecimal,
  commonType,
  type DecimalType,
  isBinary,
  isChar,
  isDecimal,
  isFloat,
  isNumeric,
  isUnicode,
  stringLimit,
} from './sql-types.js';

export const arithmeticOperators: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: '%',
  bitwise_and: '&',
  bitwise_or: '|',
};

/** `left operator right` with the result type of "Precision, scale, and length (Transact-SQL)". */
export function arithmetic(kind: string, left: Expr, right: Expr): Expr {
  if (kind === 'add' && isChar(left.type) && isChar(right.type)) return concatenate(left, right);
  const operator = arithmeticOperators[kind] ?? kind;
  if (isUntyped(left) || isUntyped(right)) return nullOf(isUntyped(left) ? right.type : left.type);
  const type = commonType(left.type, right.type);
  if (!isNumeric(type))
    throw unsupported(`the operator ${operator} on ${left.type.name} and ${right.type.name}`);
  const nullable = left.nullable || right.nullable;
  if (isFloat(type)) return floating(operator, convert(left, type), convert(right, type), type, nullable);
  if (isDecimal(type))
    return exact(
      operator,
      convert(left, asDecimalOf(left, type)),
      convert(right, asDecimalOf(right, type)),
      nullable,
    );
  if (type.name === 'bit') throw invalidArgumentType('bit', 1, operator);
  const [a, b] = [convert(left, type).sql, convert(right, type).sql];
  if (operator === '/') return expr(castTo(`(${a} // ${macro('divisor', b)})`, type), type, nullable);
  if (operator === '%') return expr(castTo(`(${a} % ${macro('divisor', b)})`, type), type, nullable);
  return expr(`(${a} ${operator} ${b})`, type, nullable);
}

function concatenate(left: Expr, right: Expr): Expr {
  const { collation, label } = resolveCollation(left, right);
  const unicode = isUnicode(left.type) || isUnicode(right.type);
  const lengths = [left, right].map((value) => (isChar(value.type) ? value.type.length : 0));
  const total = lengths.includes('max') ? 'max' : lengths.reduce<number>((sum, n) => sum + Number(n), 0);
  const length = total === 'max' ? total : Math.min(total, stringLimit(unicode));
  const known = typeof left.constant === 'string' && typeof right.constant === 'string';
  return {
    ...(known
      ? { constant: `${left.constant}${right.constant}`.slice(0, length === 'max' ? undefined : length) }
      : {}),
    ...expr(
      `(${left.sql} || ${right.sql})`,
      { name: unicode ? 'nvarchar' : 'varchar', length: length === 0 ? 1 : length, collation },
      left.nullable || right.nullable,
    ),
    ...(label ? { label } : {}),
    ...(isAscii(left) && isAscii(right) ? { ascii: true } : {}),
  };
}

const isAscii = (value: Expr): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what ASCII means
  value.ascii === true || (typeof value.constant === 'string' && /^[\x01-\x7f]*$/.test(value.constant));

function floating(operator: string, left: Expr, right: Expr, type: SqlType, nullable: boolean): Expr {
  if (operator !== '+' && operator !== '-' && operator !== '*' && operator !== '/') {
    throw invalidArgumentType(type.name, 1, operator);
  }
  const divisor = operator === '/' ? macro('divisor', right.sql) : right.sql;
  return expr(castTo(`(${left.sql} ${operator} ${divisor})`, type), type, nullable);
}

const asDecimalOf = (value: Expr, fallback: DecimalType): DecimalType => {
  if (typeof value.constant === 'number' && Number.isInteger(value.constant)) {
    return { name: 'decimal', precision: String(Math.abs(value.constant)).length, scale: 0 };
  }
  return isNumeric(value.type) && !isFloat(value.type) ? asDecimal(value.type) : fallback;
};

// A result wider than 38 digits gives up scale, but keeps 6 digits of it where there are as many.
function limited(precision: number, scale: number): DecimalType {
  if (precision <= 38) return { name: 'decimal', precision, scale };
  const kept = Math.max(38 - (precision - scale), Math.min(scale, 6));
  return { name: 'decimal', precision: 38, scale: kept };
}

function exact(operator: string, left: Expr, right: Expr, nullable: boolean): Expr {
  const a = asDecimal(left.type);
  const b = asDecimal(right.type);
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  if (operator === '+' || operator === '-') {
    const type = limited(whole + scale + 1, scale);
    return expr(`(${castTo(left.sql, type)} ${operator} ${castTo(right.sql, type)})`, type, nullable);
  }
  if (operator === '*') {
    const type = limited(a.precision + b.precision + 1, a.scale + b.scale);
    return expr(castTo(`(${left.sql} * ${right.sql})`, type), type, nullable);
  }
  if (operator !== '/') throw unsupported(`the operator ${operator} on decimals`);
  const places = Math.max(6, a.scale + b.precision + 1);
  const type = limited(a.precision - a.scale + b.scale + places, places);
  return expr(scaledQuotient(left.sql, a.scale, right.sql, b.scale, type), type, nullable);
}

/** left / right cut after `type.scale` digits, in 128-bit integers: DuckDB would divide as doubles. */
function scaledQuotient(
  left: string,
  leftScale: number,
  right: string,
  rightScale: number,
  type: DecimalType,
): string {
  const shift = type.scale - leftScale + rightScale;
  const dividend = macro('unscaled', left);
  const shifted =
    shift >= 0
      ? `${dividend} * CAST('1${'0'.repeat(shift)}' AS HUGEINT)`
      : `${dividend} // CAST('1${'0'.repeat(-shift)}' AS HUGEINT)`;
  const divisor = `if(${right} = 0, CAST(error('tsql:8134') AS HUGEINT), ${macro('unscaled', right)})`;
  return fromUnscaled(`(${shifted}) // ${divisor}`, type);
}

/** A 128-bit integer of unscaled digits as a decimal. */
export function fromUnscaled(sql: string, type: DecimalType): string {
  if (type.scale === 0) return castTo(sql, type);
  return castTo(
    macro('scaled_text', sql, String(type.scale), `CAST('1${'0'.repeat(type.scale)}' AS HUGEINT)`),
    type,
  );
}

/** Unary minus. */
export function negate(value: Expr): Expr {
  if (typeof value.constant === 'number' || typeof value.constant === 'bigint') {
    return {
      ...value,
      sql: `(-${value.sql})`,
      constant: typeof value.constant === 'bigint' ? -value.constant : -value.constant,
    };
  }
  if (!isNumeric(value.type) || value.type.name === 'bit')
    throw invalidArgumentType(value.type.name, 1, 'minus');
  return expr(`(-${value.sql})`, value.type, value.nullable);
}

/** CONCAT: NULL counts as empty, whatever is no text is converted to it. */
export function concat(args: readonly Expr[], collation: string): Expr {
  const varchar = (value: Expr): Expr =>
    isChar(value.type) && !isUntyped(value)
      ? value
      : isUntyped(value)
        ? { ...expr(`''`, { name: 'varchar', length: 1, collation }, false), constant: '' }
        : isBinary(value.type)
          ? convert(value, { name: 'varchar', length: 'max', collation })
          : convert(value, { name: 'varchar', length: 41, collation });
  const texts = args.map(varchar);
  const joined = texts.reduce((left, right) => concatenate(left, right));
  unify(texts);
  return { ...joined, sql: `concat(${texts.map((value) => value.sql).join(', ')})`, nullable: false };
}
