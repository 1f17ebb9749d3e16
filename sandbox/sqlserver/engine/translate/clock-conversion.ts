import { dateTimeText, offsetText, parseClock, timeText } from '../../clock.js';
import { conversionNotAllowed, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { SqlServerError } from '../types.js';
import { type Expr, expr, literal } from './expr.js';
import {
  type ClockType,
  isChar,
  isClock,
  isClockText,
  isTemporal,
  isTimestamp,
  typeName,
} from './sql-types.js';

/** A time taken apart: DuckDB SQL of its second (a TIMESTAMP), of the 100 ns in it, and of its offset from UTC. */
interface Parts {
  readonly second: string;
  readonly ticks: string;
  readonly offset: string;
}

/** A text, or any time, as time(n), datetime2(7) or datetimeoffset(n). Texts must be constants. */
export function toClock(source: Expr, target: ClockType): Expr {
  const { type } = source;
  if (isChar(type)) return fromConstant(source, target);
  if (!isTemporal(type)) throw conversionNotAllowed(typeName(type), target.name);
  if (type.name === target.name && isClock(type) && type.scale === target.scale) return source;
  const { second, ticks, offset } = partsOf(source);
  const text = (digits: number): string =>
    macro('clock_text', second, ticks, String(10 ** (7 - digits)), String(digits));
  const sql = {
    datetimeoffset: `(${text(target.scale)} || ${offset})`,
    datetime2: text(target.scale),
    time: target.scale === 7 ? `substr(${text(7)}, 12)` : `CAST(substr(${text(target.scale)}, 12) AS TIME)`,
  }[target.name];
  return expr(sql, target, source.nullable);
}

/** datetime2(7) or datetimeoffset as a TIMESTAMP of at most microseconds, cut after `digits`; or its date. */
export function clockToTimestamp(source: Expr, digits: number): string {
  const { second, ticks } = partsOf(source);
  return macro('clock_timestamp', second, ticks, String(10 ** (7 - digits)));
}

export const clockToDate = (source: Expr): string => `CAST(${partsOf(source).second} AS DATE)`;

function fromConstant({ constant, nullable }: Expr, target: ClockType): Expr {
  if (typeof constant !== 'string')
    throw unsupported(`conversion of text to ${target.name} but of a constant`);
  const clock = parseClock(constant, target.scale);
  if (clock === undefined)
    throw new SqlServerError(
      241,
      'Conversion failed when converting date and/or time from character string.',
    );
  const value = {
    time: () => (target.scale === 7 ? timeText(clock.ticks, 7) : BigInt(clock.ticks / 10)),
    datetime2: () => dateTimeText(clock, target.scale),
    datetimeoffset: () => `${dateTimeText(clock, target.scale)} ${offsetText(clock.offset)}`,
  }[target.name]();
  return { ...literal(value, target), nullable };
}

function partsOf({ sql, type }: Expr): Parts {
  const utc = `' +00:00'`;
  if (isClock(type) && isClockText(type)) {
    const at = type.name === 'time' ? `('1900-01-01 ' || ${sql})` : sql;
    const digits = type.scale === 0 ? '' : `substr(${at}, 21, ${type.scale})`;
    return {
      second: `CAST(left(${at}, 19) AS TIMESTAMP)`,
      ticks: digits === '' ? `if(${sql} IS NULL, NULL, 0)` : `CAST(rpad(${digits}, 7, '0') AS BIGINT)`,
      offset: type.name === 'datetimeoffset' ? `right(${sql}, 7)` : utc,
    };
  }
  const timestamp = type.name === 'time' ? `(DATE '1900-01-01' + ${sql})` : `CAST(${sql} AS TIMESTAMP)`;
  const ticks = type.name === 'datetime' ? macro('thirds', timestamp) : macro('ticks', timestamp);
  return { second: `date_trunc('second', ${timestamp})`, ticks, offset: utc };
}

/** Style 121 and its like, for times that rest as text; `undefined` where SQL Server has the style and this has not. */
export function clockText({ sql, type }: Expr, style: number): { sql: string; length: number } | undefined {
  if (!isClock(type)) return undefined;
  const fraction = type.scale === 0 ? 0 : type.scale + 1;
  if (type.name === 'time') {
    const text = isClockText(type) ? sql : `substr(${clockToClockText(sql, type)}, 12)`;
    if ([0, 121, 126].includes(style)) return { sql: text, length: 8 + fraction };
    return [8, 108, 120].includes(style) ? { sql: `left(${text}, 8)`, length: 8 } : undefined;
  }
  const zone = type.name === 'datetimeoffset' ? 7 : 0;
  switch (style) {
    case 23:
      return { sql: `left(${sql}, 10)`, length: 10 };
    case 112:
      return { sql: `replace(left(${sql}, 10), '-', '')`, length: 8 };
    case 120:
      return { sql: zone ? `(left(${sql}, 19) || right(${sql}, 7))` : `left(${sql}, 19)`, length: 19 + zone };
    case 121:
      return { sql, length: 19 + fraction + zone };
    case 126: {
      const time = zone ? `substr(${sql}, 12, ${8 + fraction}) || right(${sql}, 6)` : `substr(${sql}, 12)`;
      return { sql: `(left(${sql}, 10) || 'T' || ${time})`, length: 19 + fraction + (zone && 6) };
    }
  }
  return undefined;
}

function clockToClockText(sql: string, type: ClockType): string {
  const { second, ticks } = partsOf({ sql, type, nullable: true });
  return macro('clock_text', second, ticks, String(10 ** (7 - type.scale)), String(type.scale));
}

/** Whether conversions of a type go through this file. */
export const isClockConversion = (source: Expr, target: ClockType): boolean =>
  isClockText(target) || target.name === 'time' || !isTimestamp(source.type);
