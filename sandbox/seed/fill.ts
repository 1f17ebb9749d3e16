import { daysOf, type FillColumn, type FillOptions, text } from './fill-options.js';
import { hurtingRows } from './hurting-rows.js';

/** 15 minutes apart, as such counters are collected. */
const slotsPerDay = 96;

/**
 * DuckDB query with the rows of one founding table, the columns in order: ordinary rows and the rows that hurt.
 * The same options give the same rows on every machine: values come from arithmetic over the row's place, never
 * from random(). Of ordinary rows one in ten lacks its partner on the other side.
 */
export function fillQuery(
  side: 'left' | 'right',
  columns: readonly FillColumn[],
  options: FillOptions,
): string {
  const days = daysOf(side, options);
  const perDay = Math.ceil(options.rows / days.length);
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  return `WITH place AS (
  SELECT [${days.join(', ')}][(i // ${perDay} + 1)::BIGINT] AS day, i % ${perDay} AS j
  FROM range(${options.rows}) AS generated(i)
), ordinary AS (
  SELECT *, day * ${perDay} + j AS k FROM place
)
SELECT ${columns.map((column, index) => `${ordinary(side, column, index, options)} AS "${column.name}"`).join(',\n  ')}
FROM ordinary
UNION ALL
SELECT ${names} FROM (VALUES
${hurtingRows(side, columns, options)}
) AS hurting(${names})`;
}

function ordinary(side: 'left' | 'right', column: FillColumn, index: number, options: FillOptions): string {
  const salt = (side === 'left' ? 100 : 200) + index;
  const orNull = (value: string) => `CASE WHEN ${mix(salt + 50)} % 17 = 0 THEN NULL ELSE ${value} END`;
  switch (column.role) {
    case 'id': {
      // The other side has no such id at that instant: a right row without a left one, and the reverse.
      const partner = side === 'right' ? `CASE WHEN ${mix(7)} % 10 = 0 THEN 'x' ELSE '' END` : `''`;
      return `format('{}-{:06d}', ${text(options.idPrefix)}, j // ${slotsPerDay}) || ${partner}`;
    }
    case 'text':
      return orNull(`format('sector {} / {} Zürich', ${mix(salt)} % 360, j // ${slotsPerDay})`);
    case 'decimal':
      return orNull(`((${mix(salt)} - 20000) * 997)::DECIMAL(18,0) * 0.001::DECIMAL(4,3)`);
    case 'int':
      return orNull(`(${mix(salt)} * 37 - 500000)::INTEGER`);
    case 'smallint':
      return orNull(`(${mix(salt)} % 1800 - 900)::SMALLINT`);
    case 'time':
      return timestamp(
        `day * 86400000 + (j % ${slotsPerDay}) * 900000 + ${milliseconds(options.time)}`,
        options,
      );
  }
}

/** 0..65535 from the row's place k: a multiplicative hash (Knuth, TAOCP 6.4), so no version of DuckDB changes it. */
function mix(salt: number): string {
  return `((((k + ${salt * 1_000_003}) * 2654435761) % 4294967296) // 65536)`;
}

/** The same on both sides, or no row would find its partner. */
function milliseconds(time: FillOptions['time']): string {
  return time === 'datetime' ? `${mix(1)} % 100 * 10 + [0, 3, 7][${mix(2)} % 3 + 1]` : `${mix(1)} % 1000`;
}

function timestamp(millisecondsOfRun: string, options: FillOptions): string {
  const base = Date.parse(`${options.firstDay ?? '2025-01-01'}T00:00:00Z`);
  return `make_timestamp((${base} + ${millisecondsOfRun}) * 1000)`;
}
