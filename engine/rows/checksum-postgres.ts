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
 * rows selected. `alias` names the table the columns come from. The database must be encoded in UTF8, as md5
 * hashes the stored bytes.
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
      return `coalesce(${name}::text || ';', '~;')`;
    case 'date':
      return finiteOrNull(name, 'YYYY-MM-DD;');
    case 'timestamp':
      return finiteOrNull(
        name,
        type.precision === 0 ? 'YYYY-MM-DD HH24:MI:SS;' : `YYYY-MM-DD HH24:MI:SS.FF${type.precision};`,
      );
    case 'text':
      return `coalesce(octet_length(${name}) || ':' || ${name} || ';', '~;')`;
  }
}

/**
 * Formats a date or time independently of DateStyle. to_char is NULL for infinity, so a plain coalesce would
 * take infinity for NULL; this way the whole row drops out of the sum and the checksum differs.
 * The cast keeps a date from becoming a timestamptz on its way.
 */
function finiteOrNull(name: string, format: string): string {
  return `CASE WHEN ${name} IS NULL THEN '~;' ELSE to_char(${name}::timestamp, '${format}') END`;
}
