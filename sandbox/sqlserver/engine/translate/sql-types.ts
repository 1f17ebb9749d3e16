import { unknownType, unsupported } from '../errors.js';
import { integer, type Node, tagged, text } from '../parse/ast.js';
import { keptSpelling } from '../parse/kept-spelling.js';
import type { SqlType } from '../types.js';
import { collationOf } from './collation.js';

export type CharType = Extract<SqlType, { collation: string; length: number | 'max' }>;
export type ClockType = Extract<SqlType, { name: 'datetime2' | 'time' | 'datetimeoffset' }>;
export type BinaryType = Extract<SqlType, { name: 'binary' | 'varbinary' }>;
export type DecimalType = Extract<SqlType, { name: 'decimal' }>;

const charNames = ['char', 'varchar', 'nchar', 'nvarchar'] as const;
const plainNames = [
  'bit',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'float',
  'real',
  'date',
  'datetime',
  'smalldatetime',
  'uniqueidentifier',
  'money',
  'smallmoney',
  'image',
  'xml',
  'hierarchyid',
  'geography',
  'geometry',
] as const;
/** Types that hold the bytes of another, and are converted as it is (docs: CAST and CONVERT, the table). */
const byteTypes = ['image', 'rowversion', 'hierarchyid', 'geography', 'geometry'];
const longTextTypes = ['text', 'ntext', 'xml'];

export const isChar = (type: SqlType): type is CharType =>
  (charNames as readonly string[]).includes(type.name);
export const isUnicode = (type: SqlType): boolean => type.name === 'nchar' || type.name === 'nvarchar';
export const isBinary = (type: SqlType): type is BinaryType =>
  type.name === 'binary' || type.name === 'varbinary';
export const isInteger = (type: SqlType): boolean =>
  ['bit', 'tinyint', 'smallint', 'int', 'bigint'].includes(type.name);
export const isDecimal = (type: SqlType): type is DecimalType => type.name === 'decimal';
export const isFloat = (type: SqlType): boolean => type.name === 'float' || type.name === 'real';
export const isMoney = (type: SqlType): boolean => type.name === 'money' || type.name === 'smallmoney';
export const isNumeric = (type: SqlType): boolean =>
  isInteger(type) || isDecimal(type) || isFloat(type) || isMoney(type);
/** Types that rest as DuckDB's TIMESTAMP. */
export const isTimestamp = (type: SqlType): boolean =>
  type.name === 'datetime' || type.name === 'smalldatetime' || (type.name === 'datetime2' && type.scale < 7);
export const isClock = (type: SqlType): type is ClockType =>
  type.name === 'datetime2' || type.name === 'time' || type.name === 'datetimeoffset';
/** Times that DuckDB cannot hold: they rest as the text that `clock` writes. */
export const isClockText = (type: SqlType): boolean =>
  type.name === 'datetimeoffset' || (isClock(type) && type.scale === 7);
export const isTemporal = (type: SqlType): boolean =>
  isTimestamp(type) || isClock(type) || type.name === 'date';
export const isByteType = (type: SqlType): boolean => byteTypes.includes(type.name);
export const isLongText = (type: SqlType): boolean => longTextTypes.includes(type.name);

const duckNames: Readonly<Record<string, string>> = {
  bit: 'BOOLEAN',
  tinyint: 'UTINYINT',
  smallint: 'SMALLINT',
  int: 'INTEGER',
  bigint: 'BIGINT',
  float: 'DOUBLE',
  real: 'FLOAT',
  date: 'DATE',
  time: 'TIME',
  binary: 'BLOB',
  varbinary: 'BLOB',
  image: 'BLOB',
  rowversion: 'BLOB',
  hierarchyid: 'BLOB',
  geography: 'BLOB',
  geometry: 'BLOB',
  money: 'DECIMAL(19,4)',
  smallmoney: 'DECIMAL(10,4)',
};

/** The DuckDB type in which values of a T-SQL type rest. */
export function duckType(type: SqlType): string {
  if (isDecimal(type)) return `DECIMAL(${type.precision},${type.scale})`;
  if (isTimestamp(type)) return 'TIMESTAMP';
  if (isClockText(type)) return 'VARCHAR';
  return duckNames[type.name] ?? 'VARCHAR';
}

/** A type as T-SQL spells it in messages and DDL, without lengths: `varchar`. */
export const typeName = (type: SqlType): string => (isDecimal(type) ? 'numeric' : type.name);

/** Decimal precision and scale that hold every value of a numeric type that is no float. */
export function asDecimal(type: SqlType): DecimalType {
  if (isDecimal(type)) return type;
  if (isMoney(type)) return { name: 'decimal', precision: type.name === 'money' ? 19 : 10, scale: 4 };
  const precision = { bit: 1, tinyint: 3, smallint: 5, int: 10, bigint: 19 }[type.name as 'int'];
  if (precision === undefined) throw unsupported(`exact arithmetic on ${type.name}`);
  return { name: 'decimal', precision, scale: 0 };
}

// https://learn.microsoft.com/sql/t-sql/data-types/data-type-precedence-transact-sql, lowest first.
const precedence = [
  'binary',
  'varbinary',
  'char',
  'varchar',
  'nchar',
  'nvarchar',
  'uniqueidentifier',
  'rowversion',
  'image',
  'text',
  'ntext',
  'bit',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'smallmoney',
  'money',
  'decimal',
  'real',
  'float',
  'time',
  'date',
  'smalldatetime',
  'datetime',
  'datetime2',
  'datetimeoffset',
  'xml',
  'sql_variant',
  'hierarchyid',
  'geography',
  'geometry',
];

/** The type to which two operands are brought (data type precedence), wide enough for both. */
export function commonType(left: SqlType, right: SqlType): SqlType {
  const [low, high] =
    precedence.indexOf(left.name) <= precedence.indexOf(right.name) ? [left, right] : [right, left];
  if (isChar(low) && isChar(high)) {
    return { ...high, length: longer(low.length, high.length), name: varying(low, high) };
  }
  if (isBinary(low) && isBinary(high)) {
    return {
      name: low.name === high.name ? high.name : 'varbinary',
      length: longer(low.length, high.length),
    };
  }
  if (isDecimal(high) && (isDecimal(low) || isInteger(low) || isMoney(low)))
    return widerDecimal(asDecimal(low), high);
  if ('scale' in high && 'scale' in low && high.name === low.name) {
    return low.scale > high.scale ? low : high;
  }
  return high;
}

const varying = (low: CharType, high: CharType): CharType['name'] =>
  low.name === high.name ? high.name : isUnicode(high) ? 'nvarchar' : 'varchar';

const longer = (a: number | 'max', b: number | 'max'): number | 'max' =>
  a === 'max' || b === 'max' ? 'max' : Math.max(a, b);

function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  return { name: 'decimal', precision: Math.min(38, whole + scale), scale: Math.min(scale, 38) };
}

/** Length limit beyond which a concatenation is cut, unless an operand is max. */
export const stringLimit = (unicode: boolean): number => (unicode ? 4000 : 8000);

/**
 * The type named in CAST, CONVERT or DDL. `collation` is given to character types; `defaultLength` is 30 in
 * CAST and CONVERT, 1 in declarations, where the length is left out.
 */
export function parseType(node: Node, collation: string, defaultLength: number): SqlType {
  const kind = text(node, 'data_type') ?? tagged(node).kind;
  const [spelled = '', collated] = (kind === 'custom' ? (text(node, 'name') ?? '') : '').split(/ COLLATE /i);
  if (collated !== undefined) collationOf(collated);
  const own = collated ?? collation;
  const match = /^(?:sys\.)?\[?([A-Za-z0-9_ ]+?)\]?(?:\s*\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?$/.exec(spelled);
  const name = (match?.[1] ?? kind).toLowerCase().replace(keptSpelling, '').replace('_', '');
  const first = match?.[2]?.toLowerCase();
  const size = first === 'max' ? 'max' : first === undefined ? undefined : Number(first);
  const length = size ?? integer(node, 'length') ?? defaultLength;
  if ((charNames as readonly string[]).includes(name)) {
    return { name: name as CharType['name'], length, collation: own };
  }
  if (name === 'sysname') return { name: 'nvarchar', length: 128, collation };
  if (name === 'text' || name === 'ntext') return { name, collation: own };
  if (name === 'rowversion' || name === 'timestamp') return { name: 'rowversion' };
  if (name === 'sqlvariant') return { name: 'sql_variant' };
  if (name === 'binary' || name === 'varbinary') return { name, length };
  if (name === 'numeric') {
    const scale = Number(match?.[3] ?? 0);
    return { name: 'decimal', precision: typeof size === 'number' ? size : 18, scale, synonym: 'numeric' };
  }
  if (name === 'decimal') return decimalOf(node);
  if (name === 'datetime2' || name === 'time' || name === 'datetimeoffset') {
    return { name, scale: typeof size === 'number' ? size : (integer(node, 'precision') ?? 7) };
  }
  if (name === 'float')
    return {
      name: node.real_spelling === true || (integer(node, 'precision') ?? 53) <= 24 ? 'real' : 'float',
    };
  if (name === 'double') return { name: 'float' };
  if (name === 'boolean') return { name: 'bit' };
  const plain = plainNames.find((candidate) => candidate === name);
  if (plain) return { name: plain };
  throw unknownType(spelled || name);
}

function decimalOf(node: Node): SqlType {
  return { name: 'decimal', precision: integer(node, 'precision') ?? 18, scale: integer(node, 'scale') ?? 0 };
}
