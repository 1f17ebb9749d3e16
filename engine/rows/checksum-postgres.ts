import { MigrationError } from '../errors.js';
import type { Column, LogicalType } from './types.js';

/**
 * `"name"`, with quotes doubled.
 * @throws MigrationError TARGET_SHAPE for a name over 63 bytes: PostgreSQL would cut it with no more than a notice.
 */
export function quotePostgres(name: string): string {
  if (Buffer.byteLength(name) > 63) {
    throw new MigrationError(
      'TARGET_SHAPE',
      `The name "${name}" is longer than the 63 bytes PostgreSQL keeps. Choose a shorter one.`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** PostgreSQL's FUNC_MAX_ARGS. */
const mostArguments = 100;

/**
 * Select list of two expressions, `rows` and `sum` (numeric, NULL over no rows), that give the set checksum of the
 * rows selected. `alias` names the table the columns come from. They have types that
 * `parsePgType` reads as the logical ones (or that `pgTypeOf` gives). The database must be encoded in UTF8, as md5 hashes
 * the stored bytes, and the session's DateStyle be ISO: in another one the sum is another.
 */
export function checksumSelectListPostgres(columns: readonly Column[], alias?: string): string {
  const prefix = alias === undefined ? '' : `${quotePostgres(alias)}.`;
  const parts = columns.flatMap(({ type, name }) => canonicalPostgres(type, prefix + quotePostgres(name)));
  const texts: string[] = [];
  for (let from = 0; from < parts.length; from += mostArguments) {
    texts.push(`concat(${parts.slice(from, from + mostArguments).join(', ')})`);
  }
  const hash = `('x' || left(md5(${texts.join(' || ')}), 16))::bit(64)::bigint`;
  return `count(*) AS "rows", sum(${hash}) AS "sum"`;
}

/**
 * A column's field as arguments of `concat`, which has each printed by its type's own output function and passes over
 * NULL: half the price of casts and `||`, and to_char would cost more than all else.
 */
function canonicalPostgres(type: LogicalType, name: string): readonly string[] {
  switch (type.kind) {
    case 'bool':
      return [`CASE WHEN ${name} THEN '1;' WHEN NOT ${name} THEN '0;' ELSE '~;' END`];
    case 'int':
    case 'decimal':
    case 'uuid':
    case 'date':
    case 'offsetTimestamp':
      return ended(name, name);
    case 'float':
      return ended(`encode(float${type.bits / 8}send(${name}), 'hex')`, name);
    case 'time':
      return ended(allDigits(name, 'time', 'HH:MM:SS'.length, type.precision), name);
    case 'timestamp':
      return ended(allDigits(name, 'timestamp', 'YYYY-MM-DD HH:MM:SS'.length, type.precision), name);
    case 'instant': {
      const inUtc = `(${name} AT TIME ZONE 'UTC')`;
      return ended(allDigits(inUtc, 'timestamp', 'YYYY-MM-DD HH:MM:SS'.length, type.precision), name);
    }
    case 'text':
      // json becomes text without a change; octet_length does not take it.
      return counted(`octet_length(${name}::text)`, `${name}::text`, name);
    case 'bytes':
      return counted(`octet_length(${name})`, `encode(${name}, 'hex')`, name);
  }
}

function ended(text: string, name: string): readonly string[] {
  return [text, `CASE WHEN ${name} IS NULL THEN '~;' ELSE ';' END`];
}

function counted(length: string, text: string, name: string): readonly string[] {
  return [length, `CASE WHEN ${name} IS NULL THEN '~' ELSE ':' END`, text, `';'`];
}

/**
 * PostgreSQL prints no zeros at a fraction's end, and so for up to five digits is given a sixth that is none. A text of
 * seven digits is one in PostgreSQL too.
 */
function allDigits(value: string, type: 'time' | 'timestamp', clockEnd: number, precision: number): string {
  if (precision === 0 || precision === 7) return value;
  const length = clockEnd + 1 + precision;
  if (precision < 6) return `left((${value} + interval '0.000001')::text, ${length})`;
  return `rpad(${value}::text || CASE WHEN ${value}::${type}(0) = ${value} THEN '.' ELSE '' END, ${length}, '0')`;
}
