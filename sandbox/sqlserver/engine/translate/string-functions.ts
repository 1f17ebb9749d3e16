import { invalidArgumentType, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { quoteText } from '../quoting.js';
import type { SqlType } from '../types.js';
import { type BuiltIn, binary, ternary, unary } from './built-in.js';
import { hexOf, isUtf8 } from './bytes.js';
import { resolveCollation, textLike } from './coercion.js';
import { collationOf } from './collation.js';
import { convert } from './conversion.js';
import type { Env } from './env.js';
import { type Expr, expr, literal } from './expr.js';
import {
  isBinary,
  isByteType,
  isChar,
  isLongText,
  isNumeric,
  isUnicode,
  stringLimit,
  typeName,
} from './sql-types.js';
import { storedLength } from './text-fit.js';

const int: SqlType = { name: 'int' };
const bigint: SqlType = { name: 'bigint' };

/** Numbers and dates are taken as text where a function wants text. */
const asText = (value: Expr, env: Env): Expr => {
  if (isChar(value.type)) return value;
  if (isLongText(value.type) || isByteType(value.type)) throw invalidArgumentType(value.type.name, 1, 'this');
  return convert(value, { name: 'varchar', length: 41, collation: env.database.collation });
};

const isMax = (type: SqlType): boolean =>
  ('length' in type && type.length === 'max') || isLongText(type) || isByteType(type);

const replacedLength = (type: SqlType): number | 'max' =>
  isMax(type) ? 'max' : stringLimit(isUnicode(type));

const mapped = (build: (sql: string) => string): BuiltIn =>
  unary((argument, env) => {
    const source = asText(argument, env);
    return textLike(source, build(source.sql), undefined);
  });

const side = (name: 'left' | 'right'): BuiltIn =>
  binary((argument, length, env) => {
    const source = asText(argument, env);
    const known = typeof length.constant === 'number' ? length.constant : undefined;
    return textLike(
      source,
      `${name}(${source.sql}, ${length.sql})`,
      known ?? undefined,
      argument.nullable || length.nullable,
    );
  });

export const stringFunctions: Readonly<Record<string, BuiltIn>> = {
  UPPER: mapped((sql) => `upper(${sql})`),
  LOWER: mapped((sql) => `lower(${sql})`),
  LTRIM: mapped((sql) => `ltrim(${sql}, ' ')`),
  RTRIM: mapped((sql) => `rtrim(${sql}, ' ')`),
  TRIM: mapped((sql) => `trim(${sql}, ' ')`),
  LEFT: side('left'),
  RIGHT: side('right'),
  // Trailing blanks do not count (docs: LEN); UTF-16 units do, unless the collation is an _SC one or UTF-8.
  LEN: unary((argument, env) => {
    if (isBinary(argument.type))
      return expr(`CAST(octet_length(${argument.sql}) AS INTEGER)`, int, argument.nullable);
    const source = asText(argument, env);
    const trimmed = `rtrim(${source.sql}, ' ')`;
    const supplementary =
      isChar(source.type) && (collationOf(source.type.collation).utf8 || /_SC/i.test(source.type.collation));
    const sql =
      isUnicode(source.type) && !supplementary ? macro('utf16_length', trimmed) : `length(${trimmed})`;
    return isMax(source.type)
      ? expr(sql, bigint, argument.nullable)
      : expr(`CAST(${sql} AS INTEGER)`, int, argument.nullable);
  }),
  DATALENGTH: unary((argument) => dataLength(argument)),
  HASHBYTES: binary((algorithm, argument) => hashBytes(algorithm, argument)),
  SUBSTRING: ternary((source, start, length, env) => substring(source, start, length, env)),
  NCHAR: unary((argument, env) => {
    if (typeof argument.constant !== 'number') throw unsupported('NCHAR but of a constant');
    const type: SqlType = { name: 'nvarchar', length: 1, collation: env.database.collation };
    return literal(String.fromCharCode(argument.constant), type);
  }),
  // Cut at 8,000 bytes unless the text is a (max) one (docs: REPLICATE, "Return types").
  REPLICATE: binary((argument, times) => {
    const { type, constant } = argument;
    if (!isChar(type) || typeof constant !== 'string' || typeof times.constant !== 'number')
      throw unsupported('REPLICATE but of constants');
    const length = replacedLength(type);
    const text = constant.repeat(Math.max(0, times.constant));
    return {
      ...literal(length === 'max' ? text : text.slice(0, length), { ...type, length }),
      nullable: true,
    };
  }),
  REPLACE: ternary((argument, pattern, replacement, env) => {
    const [source, from, to] = [asText(argument, env), asText(pattern, env), asText(replacement, env)];
    const nullable = source.nullable || from.nullable || to.nullable;
    if (collationOf(resolveCollation(source, from).collation).caseSensitive) {
      return textLike(
        source,
        `replace(${source.sql}, ${from.sql}, ${to.sql})`,
        replacedLength(source.type),
        nullable,
      );
    }
    if (typeof from.constant !== 'string') throw unsupported('REPLACE of a pattern that is no constant');
    const escaped = quoteText(from.constant.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const literalTo = `replace(${to.sql}, '\\', '\\\\')`;
    const sql =
      from.constant === '' ? source.sql : `regexp_replace(${source.sql}, ${escaped}, ${literalTo}, 'gi')`;
    return textLike(source, sql, replacedLength(source.type), nullable);
  }),
  CHARINDEX: binary((pattern, argument, env) => {
    const [from, source] = [asText(pattern, env), asText(argument, env)];
    const { caseSensitive } = collationOf(resolveCollation(source, from).collation);
    const fold = (sql: string): string => (caseSensitive ? sql : `lower(${sql})`);
    return expr(
      `CAST(strpos(${fold(source.sql)}, ${fold(from.sql)}) AS INTEGER)`,
      int,
      source.nullable || from.nullable,
    );
  }),
  ABS: unary((argument) => {
    if (!isNumeric(argument.type)) throw invalidArgumentType(typeName(argument.type), 1, 'abs');
    return expr(`abs(${argument.sql})`, argument.type, argument.nullable);
  }),
};

/** Bytes: two for each UTF-16 unit of nvarchar, by code page or UTF-8 for varchar, the storage size of the rest. */
function dataLength(argument: Expr): Expr {
  const { type, sql, nullable } = argument;
  const sized = (bytes: string): Expr =>
    isMax(type)
      ? expr(`CAST(${bytes} AS BIGINT)`, bigint, nullable)
      : expr(`CAST(${bytes} AS INTEGER)`, int, nullable);
  if (isBinary(type) || isByteType(type)) return sized(`octet_length(${sql})`);
  if (isUnicode(type) || type.name === 'ntext' || type.name === 'xml') {
    return sized(`2 * ${macro('utf16_length', sql)}`);
  }
  if (isChar(type)) return sized(isUtf8(argument) ? `strlen(${sql})` : storedLength(sql, type));
  if (type.name === 'text') {
    return sized(storedLength(sql, { name: 'varchar', length: 'max', collation: type.collation }));
  }
  const bytes = {
    bit: 1,
    tinyint: 1,
    smallint: 2,
    int: 4,
    bigint: 8,
    float: 8,
    real: 4,
    date: 3,
    datetime: 8,
    smalldatetime: 4,
    uniqueidentifier: 16,
    money: 8,
    smallmoney: 4,
  }[type.name as 'int'];
  if (bytes === undefined) throw unsupported(`DATALENGTH of ${typeName(type)}`);
  return expr(`if(${sql} IS NULL, NULL, CAST(${bytes} AS INTEGER))`, int, nullable);
}

const algorithms: Readonly<Record<string, readonly [duck: string, bytes: number]>> = {
  MD5: ['md5', 16],
  SHA1: ['sha1', 20],
  SHA2_256: ['sha256', 32],
};

// UTF-8 text is hashed as DuckDB holds it; anything else by the bytes that SQL Server would see.
function hashBytes(algorithm: Expr, argument: Expr): Expr {
  const found = algorithms[String(algorithm.constant).toUpperCase()];
  if (!found) throw unsupported(`HASHBYTES with ${String(algorithm.constant)}`);
  const [hash, bytes] = found;
  if (!isChar(argument.type) && !isBinary(argument.type)) {
    throw invalidArgumentType(typeName(argument.type), 2, 'hashbytes');
  }
  const direct = isUtf8(argument) || (isBinary(argument.type) && !argument.hex);
  const hex = `${hash}(${direct ? argument.sql : `unhex(${hexOf(argument).sql})`})`;
  return {
    ...expr(`unhex(${hex})`, { name: 'varbinary', length: 8000 }, argument.nullable),
    hex: { sql: hex, digits: bytes * 2 },
  };
}

function substring(argument: Expr, start: Expr, length: Expr, env: Env): Expr {
  const nullable = argument.nullable || start.nullable || length.nullable;
  const from = start.constant;
  const count = length.constant;
  if (typeof from !== 'number' || typeof count !== 'number' || from < 1 || count < 0) {
    if (isBinary(argument.type)) throw unsupported('SUBSTRING of binary values with computed bounds');
    const source = asText(argument, env);
    return textLike(source, `substr(${source.sql}, ${start.sql}, ${length.sql})`, undefined, nullable);
  }
  if (!isBinary(argument.type)) {
    const source = asText(argument, env);
    return textLike(source, `substr(${source.sql}, ${from}, ${count})`, Math.max(1, count), nullable);
  }
  const type: SqlType = { name: 'varbinary', length: Math.max(1, count) };
  const hex = hexOf(argument);
  const digits =
    hex.digits === undefined ? undefined : Math.max(0, Math.min(hex.digits - (from - 1) * 2, count * 2));
  const sql = `substr(${hex.sql}, ${(from - 1) * 2 + 1}, ${count * 2})`;
  return {
    ...expr(`unhex(${sql})`, type, nullable),
    hex: { sql, ...(digits === undefined ? {} : { digits }) },
  };
}
