import { offsetOf } from '../../clock.js';
import { invalidArgumentType, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { quoteText } from '../quoting.js';
import type { SqlType } from '../types.js';
import { type BuiltIn, binary, nullary, ternary, unary } from './built-in.js';
import { convert, roundTimestamp } from './conversion.js';
import type { Env } from './env.js';
import { type Expr, expr, literal } from './expr.js';
import { isChar, isTimestamp, typeName } from './sql-types.js';

const int: SqlType = { name: 'int' };
const datetime: SqlType = { name: 'datetime' };

function temporal(value: Expr, position: number, name: string): Expr {
  if (isTimestamp(value.type) || value.type.name === 'date') return value;
  // Of datetime2(7) and datetimeoffset the last digit is cut, not rounded: no part of a date may change by it.
  if (value.type.name === 'datetime2' || value.type.name === 'datetimeoffset') {
    const cut = `CAST(left(${value.sql}, ${20 + Math.min(6, value.type.scale)}) AS TIMESTAMP)`;
    return { ...value, sql: value.type.scale === 0 ? `CAST(left(${value.sql}, 19) AS TIMESTAMP)` : cut };
  }
  if (isChar(value.type)) return convert(value, { name: 'datetime2', scale: 6 });
  throw invalidArgumentType(typeName(value.type), position, name);
}

const field = (part: string): BuiltIn =>
  unary((argument) => {
    const source = temporal(argument, 1, part);
    return expr(`CAST(${part}(${source.sql}) AS INTEGER)`, int, source.nullable);
  });

const clock = (type: SqlType): BuiltIn =>
  nullary((env: Env) => {
    const micros = literal(BigInt(env.now.getTime()) * 1000n, { name: 'datetime2', scale: 6 });
    return isTimestamp(type)
      ? expr(roundTimestamp(micros.sql, type), type, false)
      : expr(convert(micros, type).sql, type, false);
  });

const parts = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'] as const;

// Text becomes datetime; a date stays a date for parts of a day and more.
function dateAdd(part: string, number: Expr, argument: Expr): Expr {
  const source = isChar(argument.type) ? convert(argument, datetime) : temporal(argument, 3, 'dateadd');
  const moved = `(${source.sql} + to_${part}s(CAST(${number.sql} AS ${part === 'second' || part === 'millisecond' ? 'BIGINT' : 'INTEGER'})))`;
  if (source.type.name === 'datetimeoffset') throw unsupported('DATEADD of datetimeoffset');
  if (!isTimestamp(source.type) && source.type.name !== 'date') {
    const text = `strftime(${moved}, '%Y-%m-%d %H:%M:%S.%f') || right(${argument.sql}, 1)`;
    return expr(`(${text})`, source.type, source.nullable || number.nullable);
  }
  const sql = source.type.name === 'date' ? `CAST(${moved} AS DATE)` : roundTimestamp(moved, source.type);
  return expr(sql, source.type, source.nullable || number.nullable);
}

const dateAdds = Object.fromEntries(
  parts
    .filter((part) => part !== 'quarter')
    .map((part): [string, BuiltIn] => [
      `DATEADD ${part}`,
      binary((number, argument) => dateAdd(part, convert(number, int), argument)),
    ]),
);

// Counts boundaries crossed, as DuckDB's date_diff does.
const dateDiffs = Object.fromEntries(
  parts
    .filter((part) => part !== 'week')
    .map((part): [string, BuiltIn] => [
      `DATEDIFF ${part}`,
      binary((from, to) => {
        const timestamp = (value: Expr, position: number): string =>
          `CAST(${temporal(value, position, 'datediff').sql} AS TIMESTAMP)`;
        const sql = `CAST(date_diff('${part}', ${timestamp(from, 2)}, ${timestamp(to, 3)}) AS INTEGER)`;
        return expr(sql, int, from.nullable || to.nullable);
      }),
    ]),
);

export const dateFunctions: Readonly<Record<string, BuiltIn>> = {
  YEAR: field('year'),
  MONTH: field('month'),
  DAY: field('day'),
  'DATEPART year': field('year'),
  'DATEPART month': field('month'),
  'DATEPART day': field('day'),
  'DATEPART hour': field('hour'),
  'DATEPART minute': field('minute'),
  'DATEPART second': field('second'),
  ...dateAdds,
  ...dateDiffs,
  DATEFROMPARTS: ternary((year, month, day) =>
    expr(
      `make_date(${[year, month, day].map((value) => convert(value, int).sql).join(', ')})`,
      { name: 'date' },
      year.nullable || month.nullable || day.nullable,
    ),
  ),
  SWITCHOFFSET: binary((argument, zone) => {
    if (argument.type.name !== 'datetimeoffset')
      throw invalidArgumentType(typeName(argument.type), 1, 'switchoffset');
    if (typeof zone.constant !== 'string' || !/^[+-]\d\d:\d\d$/.test(zone.constant))
      throw unsupported('SWITCHOFFSET to an offset that is no constant like +02:00');
    const local = macro('switch_offset', argument.sql, String(offsetOf(zone.constant)));
    return expr(`(${local} || ${quoteText(` ${zone.constant}`)})`, argument.type, argument.nullable);
  }),
  SYSUTCDATETIME: clock({ name: 'datetime2', scale: 7 }),
  SYSDATETIME: clock({ name: 'datetime2', scale: 7 }),
  GETUTCDATE: clock(datetime),
  GETDATE: clock(datetime),
  CURRENT_TIMESTAMP: clock(datetime),
};
