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

/**
 * Select list of two expressions, `rows` and `sum` (numeric, NULL over no rows), that give the set checksum of the
 * rows selected. `alias` names the table the columns come from. They have types that
 * `parsePgType` reads as the logical ones (or that `pgTypeOf` gives). The database must be encoded in UTF8, as md5 hashes
 * the stored bytes, and the session's DateStyle be ISO: in another one the sum is another.
 */
export function checksumSelectListPostgres(columns: readonly Column[], alias?: string): string {
  const prefix = alias === undefined ? '' : `${quotePostgres(alias)}.`;
  const fields = columns.map(({ type, name }) => canonicalPostgres(type, prefix + quotePostgres(name)));
  const hash = `('x' || left(md5(${fields.join(' || ')}), 16))::bit(64)::bigint`;
  return `count(*) AS "rows", sum(${hash}) AS "sum"`;
}

function canonicalPostgres(type: LogicalType, name: string): string {
  switch (type.kind) {
    case 'bool':
      return `CASE WHEN ${name} THEN '1;' WHEN NOT ${name} THEN '0;' ELSE '~;' END`;
    case 'int':
    case 'decimal':
    case 'uuid':
    case 'date':
    case 'offsetTimestamp':
      return orNull(`${name}::text`);
    case 'float':
      return orNull(`encode(float${type.bits / 8}send(${name}), 'hex')`);
    case 'time':
      return orNull(allDigits(name, 'time', 'HH:MM:SS', type.precision));
    case 'timestamp':
      return orNull(allDigits(name, 'timestamp', 'YYYY-MM-DD HH:MM:SS', type.precision));
    case 'instant':
      return orNull(
        allDigits(`(${name} AT TIME ZONE 'UTC')`, 'timestamp', 'YYYY-MM-DD HH:MM:SS', type.precision),
      );
    case 'text':
      // json becomes text without a change; octet_length does not take it.
      return orNull(`octet_length(${name}::text) || ':' || ${name}::text`);
    case 'bytes':
      return orNull(`octet_length(${name}) || ':' || encode(${name}, 'hex')`);
  }
}

function orNull(text: string): string {
  return `coalesce(${text} || ';', '~;')`;
}

/**
 * The text of a value that has no more than `precision` fraction digits, with all of them: PostgreSQL prints no zeros at
 * a fraction's end, and to_char would cost more than the rest of a row. A microsecond more keeps up to five digits in
 * place, as long as it does not go round at midnight, as `time` does. Seven digits rest as text in PostgreSQL too.
 */
function allDigits(value: string, type: 'time' | 'timestamp', whole: string, precision: number): string {
  if (precision === 0 || precision === 7) return `${value}::text`;
  const length = whole.length + 1 + precision;
  if (precision < 6 && type === 'timestamp') return `left((${value} + interval '0.000001')::text, ${length})`;
  return `rpad(${value}::text || CASE WHEN ${value}::${type}(0) = ${value} THEN '.' ELSE '' END, ${length}, '0')`;
}
