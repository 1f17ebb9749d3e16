import { unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { clockText } from './clock-conversion.js';
import type { Expr } from './expr.js';
import { isClockText, typeName } from './sql-types.js';

interface Text {
  readonly sql: string;
  readonly length: number;
}

/**
 * Dates and times as text, by CONVERT's styles 0, 23, 112, 120, 121 and 126 (docs: CAST and CONVERT, "Date and
 * time styles"). Without a style: 121 for date, time and datetime2, 0 for datetime and smalldatetime.
 */
export function temporalText(source: Expr, style: number | undefined): Text {
  const { sql, type } = source;
  const old = type.name === 'datetime' || type.name === 'smalldatetime';
  const effective = style === undefined ? (old ? 0 : 121) : style === 20 ? 120 : style === 21 ? 121 : style;
  if (type.name === 'date') return dateText(sql, effective);
  const clock = clockText(source, effective);
  if (clock !== undefined && (type.name === 'time' || isClockText(type))) return clock;
  if (type.name === 'time' || isClockText(type))
    throw unsupported(`conversion of ${typeName(type)} with style ${effective}`);
  const timestamp = old ? 3 : 'scale' in type ? type.scale : 7;
  switch (effective) {
    case 0:
      if (!old) break;
      return { sql: macro('style0', sql), length: 19 };
    case 23:
      return { sql: `strftime(${sql}, '%Y-%m-%d')`, length: 10 };
    case 112:
      return { sql: `strftime(${sql}, '%Y%m%d')`, length: 8 };
    case 120:
      return { sql: `strftime(${sql}, '%Y-%m-%d %H:%M:%S')`, length: 19 };
    case 121:
      return withFraction(sql, ' ', timestamp);
    case 126:
      return old ? isoDatetime(sql) : withFraction(sql, 'T', timestamp);
  }
  throw unsupported(`conversion of ${typeName(type)} with style ${effective}`);
}

function dateText(sql: string, style: number): Text {
  if (style === 112) return { sql: `strftime(${sql}, '%Y%m%d')`, length: 8 };
  if ([0, 23, 120, 121, 126].includes(style)) {
    if (style === 0) throw unsupported('conversion of date with style 0');
    return { sql: `CAST(${sql} AS VARCHAR)`, length: 10 };
  }
  throw unsupported(`conversion of date with style ${style}`);
}

function withFraction(sql: string, separator: string, digits: number): Text {
  const base = `%Y-%m-%d${separator}%H:%M:%S`;
  if (digits === 0) return { sql: `strftime(${sql}, '${base}')`, length: 19 };
  if (digits === 3) return { sql: `strftime(${sql}, '${base}.%g')`, length: 23 };
  const micros = `strftime(${sql}, '${base}.%f')`;
  if (digits === 7) return { sql: `(${micros} || '0')`, length: 27 };
  return { sql: digits === 6 ? micros : `left(${micros}, ${20 + digits})`, length: 20 + digits };
}

// Style 126 leaves out the fraction of a datetime whose milliseconds are 0.
function isoDatetime(sql: string): Text {
  const format = (fraction: string): string => `strftime(${sql}, '%Y-%m-%dT%H:%M:%S${fraction}')`;
  return { sql: `if(epoch_us(${sql}) % 1000000 = 0, ${format('')}, ${format('.%g')})`, length: 23 };
}
