import { defaultCollation } from '../../collations.js';
import { conversionNotAllowed, notOffered, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import type { SqlType } from '../types.js';
import { hexOf } from './bytes.js';
import { clockToDate, clockToTimestamp, isClockConversion, toClock } from './clock-conversion.js';
import { type Expr, expr, literal } from './expr.js';
import {
  type CharType,
  type ClockType,
  duckType,
  isBinary,
  isByteType,
  isChar,
  isClock,
  isDecimal,
  isFloat,
  isInteger,
  isLongText,
  isMoney,
  isNumeric,
  isTemporal,
  isTimestamp,
  isUnicode,
  typeName,
} from './sql-types.js';
import { temporalText } from './temporal-text.js';
import { fitTo, narrowed } from './text-fit.js';
import { toBinary } from './to-binary.js';
import { toVariant } from './variant.js';

/**
 * CONVERT(target, source, style), and the implicit conversions of comparison, assignment and UNION.
 * `style` absent means the type's default. Throws 529 where SQL Server has no such conversion and 40515 where
 * it has one that is not offered here. Source: docs "CAST and CONVERT (Transact-SQL)".
 */
export function convert(source: Expr, target: SqlType, style?: number): Expr {
  if (source.constant === null)
    return { ...expr(`CAST(NULL AS ${duckType(target)})`, target, true), constant: null };
  if (isChar(target)) return toText(source, target, style);
  if (isBinary(target)) return toBinary(source, target, style);
  if (isClock(target) && isClockConversion(source, target)) {
    return target.name === 'datetime2' && target.scale < 7
      ? fineToTimestamp(source, target)
      : toClock(source, target);
  }
  if (target.name === 'sql_variant') return toVariant(source, target);
  if (isLongText(target)) return toLongText(source, target);
  if (isByteType(target)) return toBytes(source, target);
  const scalar = scalarSql(source, target);
  const sql = isMoney(target) && source.type.name !== target.name ? macro(target.name, scalar) : scalar;
  return sql === source.sql ? { ...source, type: target } : expr(sql, target, source.nullable);
}

/** CAST and CONVERT keep the collation of a character source (docs: COLLATE, "Collation precedence"). */
export const explicitConversion = (source: Expr, target: SqlType, style?: number): Expr =>
  'collation' in source.type && isChar(target)
    ? convert(source, { ...target, collation: source.type.collation }, style)
    : convert(source, target, style);

function scalarSql(source: Expr, target: SqlType): string {
  if (isTimestamp(target)) return toTimestamp(source, target);
  if (isNumeric(target)) return toNumber(source, target);
  if (target.name === 'date') return toDate(source);
  if (target.name === source.type.name) return source.sql;
  if (target.name === 'uniqueidentifier' && isChar(source.type)) return `upper(${source.sql})`;
  throw notOffered(typeName(source.type), typeName(target));
}

function toNumber({ sql, type, hex }: Expr, target: SqlType): string {
  const duck = duckType(target);
  if (isChar(type)) return textToNumber(sql, target, duck);
  if (isBinary(type)) return binaryToInteger({ sql, type, hex } as Expr, target);
  if (!isNumeric(type)) {
    if (type.name === 'date' || type.name === 'uniqueidentifier')
      throw conversionNotAllowed(type.name, target.name);
    throw notOffered(typeName(type), typeName(target));
  }
  if (target.name === 'bit') return type.name === 'bit' ? sql : `(${sql} <> 0)`;
  if (isMoney(target) && isFloat(type)) return `CAST(round(${sql}, 4) AS ${duck})`;
  if (duckType(type) === duck) return sql;
  if (isInteger(target) && !isInteger(type)) return `CAST(trunc(${sql}) AS ${duck})`;
  return type.name === 'bit' ? `CAST(CAST(${sql} AS INTEGER) AS ${duck})` : `CAST(${sql} AS ${duck})`;
}

function textToNumber(sql: string, target: SqlType, duck: string): string {
  if (target.name === 'bit') return macro('bit_text', sql);
  if (isDecimal(target) || isMoney(target)) return `CAST(${macro('decimal_text', sql)} AS ${duck})`;
  if (isFloat(target)) return `CAST(${sql} AS ${duck})`;
  const reported = { tinyint: 'UINT8', smallint: 'INT16', int: 'INT32', bigint: 'INT64' }[
    target.name as 'int'
  ];
  return `CAST(${macro('integer_text', sql, `'${reported}'`)} AS ${duck})`;
}

// Big-endian; of longer values the last bytes, shorter ones are extended with zeros on the left.
function binaryToInteger(source: Expr, target: SqlType): string {
  const bytes = { tinyint: 1, smallint: 2, int: 4, bigint: 8 }[target.name as 'int'];
  if (!bytes) throw notOffered(typeName(source.type), typeName(target));
  const hex = hexOf(source);
  const digits = bytes * 2;
  const exact = hex.digits === digits ? hex.sql : `lpad(right(${hex.sql}, ${digits}), ${digits}, '0')`;
  const type = target.name === 'tinyint' ? 'UTINYINT' : duckType(target);
  return `CAST(CAST(unhex(${exact}) AS BIT) AS ${type})`;
}

function toDate(source: Expr): string {
  const { sql, type } = source;
  if (type.name === 'date') return sql;
  if (isTimestamp(type)) return `CAST(${sql} AS DATE)`;
  if (type.name === 'datetime2' || type.name === 'datetimeoffset') return clockToDate(source);
  if (isChar(type)) return `CAST(${macro('timestamp', sql)} AS DATE)`;
  throw isNumeric(type) ? conversionNotAllowed(typeName(type), 'date') : notOffered(typeName(type), 'date');
}

function toTimestamp(source: Expr, target: SqlType): string {
  const { sql, type } = source;
  if (isChar(type)) {
    const literal = wholeSecond(sql, target);
    if (literal !== undefined) return literal;
    const parsed = macro(target.name === 'datetime' ? 'timestamp3' : 'timestamp', sql);
    return roundTimestamp(inRange(parsed, type, target), target);
  }
  if (type.name === 'date') return inRange(`CAST(${sql} AS TIMESTAMP)`, type, target);
  if (!isTimestamp(type)) throw notOffered(typeName(type), typeName(target));
  if (
    target.name === type.name &&
    (!('scale' in target) || !('scale' in type) || target.scale >= type.scale)
  ) {
    return sql;
  }
  if (type.name === 'smalldatetime') return sql;
  const fine = target.name === 'datetime2' && target.scale > 3;
  const widened = type.name === 'datetime' && fine ? macro('widen_datetime', sql) : sql;
  return roundTimestamp(inRange(widened, type, target), target);
}

/** A text that is a whole second in the type's range needs no macro, which DuckDB plans for longer than it reads a day. */
function wholeSecond(sql: string, target: SqlType): string | undefined {
  const [, day = '', clock = '00:00:00'] = /^'(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?'$/.exec(sql) ?? [];
  const first = { datetime2: '0001', datetime: '1753' }[target.name as string];
  if (day === '' || first === undefined || day < first) return undefined;
  const at = Date.parse(`${day}T${clock}Z`);
  const exists = !Number.isNaN(at) && new Date(at).toISOString().startsWith(`${day}T${clock}`);
  return exists ? `TIMESTAMP '${day} ${clock}'` : undefined;
}

/** From inclusive, to exclusive, before rounding. Docs: "datetime", "smalldatetime", and error 242. */
const ranges: Readonly<Record<string, readonly [from: string, to: string]>> = {
  datetime: ['1753-01-01', '9999-12-31 23:59:59.999'],
  smalldatetime: ['1900-01-01', '2079-06-06 23:59:29.999'],
};

function inRange(sql: string, from: SqlType, target: SqlType): string {
  const [low, high] = ranges[target.name] ?? [];
  if (low === undefined || high === undefined) return sql;
  return macro('in_range', sql, `'${low}'`, `'${high}'`, `'${from.name} ${target.name}'`);
}

/** Rounds a DuckDB timestamp to what the type can hold; also what storing a value does. */
export function roundTimestamp(sql: string, target: SqlType): string {
  if (target.name === 'datetime') return macro('datetime', sql);
  if (target.name === 'smalldatetime') return macro('smalldatetime', sql);
  const scale = 'scale' in target ? target.scale : 6;
  return scale >= 6 ? sql : macro('round', sql, String(10 ** (6 - scale)));
}

function toText(source: Expr, target: CharType, style: number | undefined): Expr {
  const { type } = source;
  const result = (sql: string, ascii: boolean): Expr => ({
    ...expr(sql, target, source.nullable),
    ...(ascii ? { ascii: true } : {}),
    ...(isChar(type) && source.label ? { label: source.label } : {}),
  });
  if (isChar(type)) {
    const fitted = result(fitTo(narrowed(source, target), type.length, target), source.ascii === true);
    return { ...fitted, ...constantOf(source, fitted) };
  }
  if (isLongText(type)) return longTextTo(source, target);
  if (isTemporal(type)) {
    const text = temporalText(source, style);
    return result(fitTo(text.sql, text.length, target), true);
  }
  if (type.name === 'bit')
    return result(
      fitTo(`CASE WHEN ${source.sql} THEN '1' WHEN NOT ${source.sql} THEN '0' END`, 1, target),
      true,
    );
  if (isInteger(type)) return result(integerText(source, target), true);
  if (isDecimal(type)) return result(decimalText(source, type.precision + 3, target), true);
  if (isMoney(type)) return result(moneyText(source, target, style), true);
  if (type.name === 'uniqueidentifier') return result(fitTo(source.sql, 36, target), true);
  if (isBinary(type) && (style === 1 || style === 2)) {
    const prefix = style === 1 ? `'0x' || ` : '';
    return result(fitTo(`(${prefix}upper(${hexOf(source).sql}))`, 'max', target), true);
  }
  throw unsupported(`conversion from ${typeName(type)} to ${target.name} with style ${style ?? 0}`);
}

const constantOf = (source: Expr, result: Expr): Partial<Expr> =>
  source.constant !== undefined && result.sql === source.sql ? { constant: source.constant } : {};

/** Two decimals, rounded, without a style; all four with style 2 or 126 (docs: CAST and CONVERT, "money and smallmoney styles"). */
function moneyText(source: Expr, target: CharType, style = 0): string {
  if (![0, 2, 126].includes(style)) throw unsupported(`conversion of money with style ${style}`);
  const plain = style === 0 ? macro('money_text', source.sql) : `CAST(${source.sql} AS VARCHAR)`;
  return fitTo(plain, 22, target);
}

/** text, ntext or xml as a char type. */
function longTextTo(source: Expr, target: CharType): Expr {
  const collation = 'collation' in source.type ? source.type.collation : target.collation;
  const name = source.type.name === 'text' ? 'varchar' : 'nvarchar';
  return toText(
    { ...source, type: { name, length: 'max', collation }, label: 'implicit' },
    target,
    undefined,
  );
}

/** A char type as text, ntext or xml: the same characters, in the code page of a text. */
function toLongText(source: Expr, target: SqlType): Expr {
  if (source.type.name === target.name) return source;
  const collation = 'collation' in target ? target.collation : defaultCollation;
  const name = target.name === 'text' ? 'varchar' : 'nvarchar';
  if (!isChar(source.type) && !isLongText(source.type))
    throw notOffered(typeName(source.type), typeName(target));
  const { sql, nullable } = toText(source, { name, length: 'max', collation }, undefined);
  return expr(sql, target, nullable);
}

/** Bytes as image or as a type of the CLR: they rest as they are. */
function toBytes(source: Expr, target: SqlType): Expr {
  if (source.type.name === target.name) return source;
  if (!isBinary(source.type) || target.name === 'rowversion')
    throw notOffered(typeName(source.type), typeName(target));
  return typeof source.constant === 'object' && source.constant !== null
    ? literal(source.constant, target)
    : expr(source.sql, target, source.nullable);
}

/** datetime2(7) or datetimeoffset as datetime2 of fewer digits. */
function fineToTimestamp(source: Expr, target: ClockType): Expr {
  if (source.type.name === 'date' || isChar(source.type)) {
    return expr(scalarSql(source, target), target, source.nullable);
  }
  if (source.type.name !== 'datetime2' && source.type.name !== 'datetimeoffset')
    throw notOffered(typeName(source.type), typeName(target));
  return expr(clockToTimestamp(source, target.scale), target, source.nullable);
}

const integerDigits: Readonly<Record<string, number>> = { tinyint: 3, smallint: 6, int: 11, bigint: 20 };

// An integer that does not fit becomes an asterisk; in nchar and nvarchar it is an error.
function integerText({ sql, type }: Expr, target: CharType): string {
  const text = `CAST(${sql} AS VARCHAR)`;
  const longest = integerDigits[type.name] ?? 20;
  if (target.length === 'max' || target.length >= longest) return fitTo(text, longest, target);
  const overflow = isUnicode(target) ? `CAST(error('Overflow') AS VARCHAR)` : `'*'`;
  return fitTo(`if(length(${text}) > ${target.length}, ${overflow}, ${text})`, target.length, target);
}

function decimalText({ sql, type }: Expr, longest: number, target: CharType): string {
  const plain = `CAST(${sql} AS VARCHAR)`;
  // DuckDB leaves out the leading zero where all digits are fraction.
  const bare = isDecimal(type) && type.precision === type.scale;
  const text = bare ? `regexp_replace(${plain}, '^(-?)\\.', '\\10.')` : plain;
  if (target.length === 'max' || target.length >= longest) return fitTo(text, longest, target);
  return fitTo(
    `if(length(${text}) > ${target.length}, CAST(error('Overflow') AS VARCHAR), ${text})`,
    target.length,
    target,
  );
}
