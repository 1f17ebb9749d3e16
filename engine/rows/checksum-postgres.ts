import { MigrationError } from '../errors.js';
import type { Column } from './types.js';

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
 * the stored bytes.
 */
export function checksumSelectListPostgres(columns: readonly Column[], alias?: string): string {
  const prefix = alias === undefined ? '' : `${quotePostgres(alias)}.`;
  const fields = columns.map((column) => canonicalPostgres(column, prefix + quotePostgres(column.name)));
  const hash = `('x' || left(md5(${fields.join(' || ')}), 16))::bit(64)::bigint`;
  return `count(*) AS "rows", sum(${hash}) AS "sum"`;
}

function canonicalPostgres({ type }: Column, name: string): string {
  switch (type.kind) {
    case 'bool':
      return `CASE WHEN ${name} THEN '1;' WHEN NOT ${name} THEN '0;' ELSE '~;' END`;
    case 'int':
    case 'decimal':
    case 'uuid':
      return orNull(`${name}::text || ';'`);
    case 'float':
      return orNull(`encode(float${type.bits / 8}send(${name}), 'hex') || ';'`);
    case 'date':
      return formatted(`${name}::timestamp`, name, 'YYYY-MM-DD;');
    case 'time':
      if (type.precision === 7) return orNull(`${name}::text || ';'`);
      return orNull(`to_char(${name}::interval, '${clockFormat(type.precision)};')`);
    case 'timestamp':
      if (type.precision === 7) return orNull(`${name}::text || ';'`);
      return formatted(name, name, `YYYY-MM-DD ${clockFormat(type.precision)};`);
    case 'instant':
      return formatted(`(${name} AT TIME ZONE 'UTC')`, name, `YYYY-MM-DD ${clockFormat(type.precision)};`);
    case 'offsetTimestamp':
      return orNull(`${name}::text || ';'`);
    case 'text':
      // json becomes text without a change; octet_length does not take it.
      return orNull(`octet_length(${name}::text) || ':' || ${name}::text || ';'`);
    case 'bytes':
      return orNull(`octet_length(${name}) || ':' || encode(${name}, 'hex') || ';'`);
  }
}

function orNull(text: string): string {
  return `coalesce(${text}, '~;')`;
}

function clockFormat(precision: number): string {
  return precision === 0 ? 'HH24:MI:SS' : `HH24:MI:SS.FF${precision}`;
}

/**
 * Formats a date or time independently of DateStyle. to_char is NULL for infinity, so a plain coalesce would
 * take infinity for NULL; this way the whole row drops out of the sum and the checksum differs. `value` is `name` as a
 * timestamp: to_char would make a date a timestamptz on its way.
 */
function formatted(value: string, name: string, format: string): string {
  return `CASE WHEN ${name} IS NULL THEN '~;' ELSE to_char(${value}, '${format}') END`;
}
