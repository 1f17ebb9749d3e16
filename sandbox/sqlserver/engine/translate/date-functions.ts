import { invalidArgumentType } from '../errors.js';
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
  if (isChar(value.type)) return convert(value, { name: 'datetime2', scale: 7 });
  throw invalidArgumentType(typeName(value.type), position, name);
}

const field = (part: string): BuiltIn =>
  unary((argument) => {
    const source = temporal(argument, 1, part);
    return expr(`CAST(${part}(${source.sql}) AS INTEGER)`, int, source.nullable);
  });

const clock = (type: SqlType): BuiltIn =>
  nullary((env: Env) => {
    const micros = literal(BigInt(env.now.getTime()) * 1000n, type);
    return { ...expr(roundTimestamp(micros.sql, type), type, false) };
  });

const parts = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond'] as const;

// Text becomes datetime; a date stays a date for parts of a day and more.
function dateAdd(part: string, number: Expr, argument: Expr): Expr {
  const source = isChar(argument.type) ? convert(argument, datetime) : temporal(argument, 3, 'dateadd');
  const moved = `(${source.sql} + to_${part}s(CAST(${number.sql} AS ${part === 'second' || part === 'millisecond' ? 'BIGINT' : 'INTEGER'})))`;
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
  SYSUTCDATETIME: clock({ name: 'datetime2', scale: 7 }),
  SYSDATETIME: clock({ name: 'datetime2', scale: 7 }),
  GETUTCDATE: clock(datetime),
  GETDATE: clock(datetime),
  CURRENT_TIMESTAMP: clock(datetime),
};
