import type { Column } from '../../engine/rows/types.js';
import { quoteDuckdb } from '../../engine/transform/sql-text.js';

/**
 * The canonical text by DuckDB's SQL: apart from the row hash, to hold it against. Select list of two expressions, `"rows"` and `"sum"` (HUGEINT, NULL over no rows), that give the set checksum of
 * the rows selected, whose columns have the types of `duckdbTypeOf`. `alias` names the table they come from.
 */
export function checksumSelectListDuckdb(columns: readonly Column[], alias?: string): string {
  const prefix = alias === undefined ? '' : `${quoteDuckdb(alias)}.`;
  const fields = columns.map((column) => canonicalDuckdb(column, prefix + quoteDuckdb(column.name)));
  // md5_number_upper reads the digest little-endian; the cast of hex digits is big-endian, and no slower.
  const hash = `CAST('0x' || substr(md5(concat('', ${fields.join(', ')})), 1, 16) AS UBIGINT)`;
  return `count(*) AS "rows", sum(${hash}) AS "sum"`;
}

function canonicalDuckdb({ type }: Column, name: string): string {
  switch (type.kind) {
    case 'bool':
      return `CASE WHEN ${name} THEN '1;' WHEN NOT ${name} THEN '0;' ELSE '~;' END`;
    case 'int':
      return orNull(`CAST(${name} AS VARCHAR) || ';'`);
    case 'decimal':
      return orNull(`${decimalText(type.precision, type.scale, name)} || ';'`);
    case 'float':
      // Numbers print by their shortest digits; the cast to BIT keeps the IEEE bits, the highest first.
      return orNull(`lower(hex(CAST(CAST(${name} AS BIT) AS BLOB))) || ';'`);
    case 'date':
      return orNull(`strftime(${name}, '%Y-%m-%d;')`);
    case 'timestamp':
    case 'instant':
      return orNull(`${type.precision === 7 ? name : timestampText(type.precision, name)} || ';'`);
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
      return orNull(`${name} || ';'`);
    case 'text':
      return orNull(`strlen(${name}) || ':' || ${name} || ';'`);
    case 'bytes':
      return orNull(`octet_length(${name}) || ':' || lower(hex(${name})) || ';'`);
  }
}

function orNull(text: string): string {
  return `coalesce(${text}, '~;')`;
}

/** DuckDB prints no zero before the point of a type without integer digits: DECIMAL(3,3) gives `-.500`. */
function decimalText(precision: number, scale: number, name: string): string {
  const text = `CAST(${name} AS VARCHAR)`;
  if (precision > scale) return text;
  return `CASE WHEN ${name} < 0 THEN '-0' || substr(${text}, 2) ELSE '0' || ${text} END`;
}

function timestampText(precision: number, name: string): string {
  const digits = (format: string) => `strftime(${name}, '%Y-%m-%d %H:%M:%S${format}')`;
  if (precision === 0) return digits('');
  if (precision === 3) return digits('.%g');
  if (precision === 6) return digits('.%f');
  return `left(${digits('.%f')}, ${precision - 6})`;
}
