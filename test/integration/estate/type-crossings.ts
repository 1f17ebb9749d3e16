import type { Policy } from '../../../engine/rows/fits.js';
import { type MatrixType, typeMatrix } from '../../support/type-matrix.js';

/** One value on its way into a column of PostgreSQL. */
interface CrossingValue {
  /** T-SQL expression. */
  readonly literal: string;
  /** The text that PostgreSQL gives of it, in UTC; undefined for one that the column cannot hold. */
  readonly shown?: string;
  /** Whether the column's policy has changed it. */
  readonly changed: boolean;
  /** Why the column cannot hold it, and how its quarantine file writes it. */
  readonly refused?: { readonly reason: string; readonly text: string };
}

/** A source column, the column of PostgreSQL that it is copied into, and what becomes of its values there. */
export interface Crossing {
  /** Of both columns. */
  readonly name: string;
  readonly declaration: string;
  /** Declared type of the target's column; undefined for the one that the product has for the source's. */
  readonly into?: string;
  readonly policy?: Policy;
  readonly values: readonly CrossingValue[];
}

const quote = (text: string): string => `N'${text.replaceAll("'", "''")}'`;
const kept = (text: string, shown = text): CrossingValue => ({
  literal: quote(text),
  shown,
  changed: false,
});
const changed = (text: string, shown: string): CrossingValue => ({
  literal: quote(text),
  shown,
  changed: true,
});
const refused = (text: string, reason: string, written = text): CrossingValue => ({
  literal: quote(text),
  changed: false,
  refused: { reason, text: written },
});
const withNul = (value: CrossingValue): CrossingValue => ({
  ...value,
  literal: value.literal.replaceAll('\0', "' + NCHAR(0) + N'"),
});

function crossing(
  declaration: string,
  into: string,
  policy: Policy | undefined,
  ...values: readonly CrossingValue[]
): Crossing {
  const name = [declaration, 'as', into, ...(policy === undefined ? [] : ['by', policy])].join(' ');
  return {
    name: nameOf(name),
    declaration,
    into,
    ...(policy !== undefined && { policy }),
    values,
  };
}

const nameOf = (text: string): string => text.replace(/\W+/g, '_').replace(/_$/, '').toLowerCase();

function matrixType(declaration: string): MatrixType {
  const found = typeMatrix.find((type) => type.declaration === declaration);
  if (found === undefined) throw new Error(`The matrix has no ${declaration}.`);
  return found;
}

/** All values of a type of the matrix into another type than the product's own, where they fit as they are. */
const whole = (declaration: string, into: string, shown: (text: string) => string): Crossing =>
  crossing(
    declaration,
    into,
    undefined,
    ...matrixType(declaration).values.map(({ literal, text }) => ({
      literal,
      shown: shown(text),
      changed: false,
    })),
  );

/** PostgreSQL leaves out the zeros at a fraction's end. */
const shortClock = (text: string): string => text.replace(/(:\d\d)(?:\.0+|(\.\d*[1-9])0+)\b/, '$1$2');

/** `2025-01-31 23:59:59.12 +02:00` in UTC, as PostgreSQL writes it. */
function inUtc(text: string): string {
  const [, day, clock, fraction = '', offset] = /^(\S+) ([\d:]+)(\.\d+)? (\S+)$/.exec(text) ?? [];
  const [utcDay, utcClock] = new Date(`${day}T${clock}${offset}`).toISOString().slice(0, 19).split('T');
  return `${shortClock(`${utcDay} ${utcClock}${fraction}`)}+00`;
}

const asHex = (text: string): string => `\\x${Buffer.from(text).toString('hex')}`;
const same = (text: string): string => text;
const withDigits =
  (scale: number) =>
  (text: string): string => {
    const [integer, fraction = ''] = text.split('.');
    return `${integer}.${fraction.padEnd(scale, '0')}`;
  };

const wider: readonly Crossing[] = [
  whole('tinyint', 'bigint', same),
  whole('tinyint', 'numeric(3,0)', same),
  whole('smallint', 'numeric(38,33)', withDigits(33)),
  whole('int', 'bigint', same),
  whole('bigint', 'numeric(19,0)', same),
  whole('bigint', 'numeric(38,19)', withDigits(19)),
  whole('decimal(4,0)', 'smallint', same),
  whole('decimal(9,3)', 'numeric(38,20)', withDigits(20)),
  whole('decimal(18,9)', 'numeric(19,9)', same),
  whole('decimal(19,4)', 'numeric(38,23)', withDigits(23)),
  whole('numeric(12,5)', 'numeric(13,6)', withDigits(6)),
  whole('money', 'numeric(38,23)', withDigits(23)),
  whole('smallmoney', 'numeric(19,4)', same),
  // A 32-bit float is another number than the decimal digits that stand for it.
  whole('real', 'double precision', (text) => (text === '-0' ? text : String(Math.fround(Number(text))))),
  ...['varchar(8000)', 'nvarchar(4000)', 'nvarchar(max)', 'text', 'ntext'].map((declaration) =>
    whole(declaration, 'bytea', asHex),
  ),
  whole('uniqueidentifier', 'varchar(36)', same),
  whole('datetime', 'timestamp(6)', shortClock),
  whole('smalldatetime', 'timestamp(3)', shortClock),
  whole('datetime2(3)', 'timestamp(6)', shortClock),
  whole('time(3)', 'time(6)', shortClock),
  whole('time(7)', 'varchar(16)', same),
  whole('datetimeoffset(7)', 'varchar(34)', same),
  ...[0, 1, 2, 3, 4, 5, 6].map((scale) => whole(`datetimeoffset(${scale})`, `timestamptz(${scale})`, inUtc)),
];

const moments: readonly Crossing[] = [
  crossing(
    'datetime2(7)',
    'timestamp(6)',
    'fail',
    kept('9999-12-31 23:59:59.9999990', '9999-12-31 23:59:59.999999'),
    refused('2025-01-31 12:00:00.1234567', 'FRACTION_DIGITS'),
    refused('0001-01-01 00:00:00.0000001', 'FRACTION_DIGITS'),
  ),
  crossing(
    'datetime2(7)',
    'timestamp(6)',
    'round',
    kept('2025-01-31 12:00:00.1234560', '2025-01-31 12:00:00.123456'),
    changed('2025-01-31 12:00:00.1234565', '2025-01-31 12:00:00.123457'),
    changed('1969-12-31 23:59:59.9999994', '1969-12-31 23:59:59.999999'),
    changed('1969-12-31 23:59:59.9999999', '1970-01-01 00:00:00'),
    changed('0001-01-01 00:00:00.0000001', '0001-01-01 00:00:00'),
    changed('9999-12-31 23:59:59.9999994', '9999-12-31 23:59:59.999999'),
    refused('9999-12-31 23:59:59.9999999', 'OUT_OF_CALENDAR'),
  ),
  crossing(
    'datetime2(7)',
    'timestamp(6)',
    'truncate',
    kept('0001-01-01 00:00:00.0000000', '0001-01-01 00:00:00'),
    changed('1969-12-31 23:59:59.9999999', '1969-12-31 23:59:59.999999'),
    changed('9999-12-31 23:59:59.9999999', '9999-12-31 23:59:59.999999'),
  ),
  crossing(
    'datetime2(6)',
    'timestamp(0)',
    'round',
    kept('9999-12-31 23:59:59.000000', '9999-12-31 23:59:59'),
    changed('1969-12-31 23:59:59.500000', '1970-01-01 00:00:00'),
    changed('1969-12-31 23:59:59.499999', '1969-12-31 23:59:59'),
    changed('2024-02-28 23:59:59.999999', '2024-02-29 00:00:00'),
    refused('9999-12-31 23:59:59.500000', 'OUT_OF_CALENDAR'),
  ),
  crossing(
    'datetime2(6)',
    'timestamp(0)',
    'truncate',
    changed('0001-01-01 00:00:00.999999', '0001-01-01 00:00:00'),
    changed('9999-12-31 23:59:59.999999', '9999-12-31 23:59:59'),
  ),
  crossing(
    'datetime',
    'timestamp(2)',
    'round',
    changed('1753-01-01 00:00:00.003', '1753-01-01 00:00:00'),
    changed('1969-12-31 23:59:59.997', '1970-01-01 00:00:00'),
    kept('2025-01-31 12:00:00.010', '2025-01-31 12:00:00.01'),
    changed('2025-01-31 12:00:00.007', '2025-01-31 12:00:00.01'),
  ),
  crossing(
    'datetime',
    'timestamp(2)',
    'fail',
    kept('2025-01-31 12:00:00.010', '2025-01-31 12:00:00.01'),
    refused('9999-12-31 23:59:59.997', 'FRACTION_DIGITS', '9999-12-31 23:59:59.997000'),
  ),
  crossing(
    'time(7)',
    'time(6)',
    'fail',
    kept('12:34:56.1234560', '12:34:56.123456'),
    refused('23:59:59.9999999', 'FRACTION_DIGITS'),
  ),
  crossing(
    'time(7)',
    'time(6)',
    'round',
    kept('00:00:00.0000000', '00:00:00'),
    changed('12:34:56.1234565', '12:34:56.123457'),
    changed('12:34:56.1234564', '12:34:56.123456'),
    changed('23:59:59.9999999', '24:00:00'),
  ),
  crossing(
    'time(7)',
    'time(6)',
    'truncate',
    changed('00:00:00.0000009', '00:00:00'),
    changed('23:59:59.9999999', '23:59:59.999999'),
  ),
  crossing(
    'time(3)',
    'time(0)',
    'round',
    changed('23:59:59.500', '24:00:00'),
    kept('09:59:59.000', '09:59:59'),
  ),
  crossing('time(3)', 'time(0)', 'truncate', changed('23:59:59.999', '23:59:59')),
  crossing(
    'datetimeoffset(7)',
    'timestamptz(6)',
    'fail',
    kept('2025-06-30 23:59:59.1234560 -00:30', '2025-07-01 00:29:59.123456+00'),
    refused('2025-06-30 00:10:00.0000001 +05:45', 'FRACTION_DIGITS'),
  ),
  crossing(
    'datetimeoffset(7)',
    'timestamptz(6)',
    'round',
    changed('0001-01-01 14:00:00.0000001 +14:00', '0001-01-01 00:00:00+00'),
    changed('1970-01-01 05:44:59.9999999 +05:45', '1970-01-01 00:00:00+00'),
    changed('9999-12-31 23:59:59.9999999 +14:00', '9999-12-31 10:00:00+00'),
    refused('9999-12-31 09:59:59.9999999 -14:00', 'OUT_OF_CALENDAR'),
  ),
  crossing(
    'datetimeoffset(7)',
    'timestamptz(6)',
    'truncate',
    changed('9999-12-31 09:59:59.9999999 -14:00', '9999-12-31 23:59:59.999999+00'),
  ),
  crossing(
    'datetimeoffset(3)',
    'timestamptz(0)',
    'round',
    changed('0001-01-01 00:00:00.500 -14:00', '0001-01-01 14:00:01+00'),
  ),
];

const texts: readonly Crossing[] = [
  crossing(
    'nvarchar(20)',
    'varchar(20)',
    'fail',
    kept('\ufffd \u0001 \u007f'),
    withNul(refused('a\0b', 'NUL_CHARACTER')),
  ),
  crossing(
    'nvarchar(20)',
    'varchar(20)',
    'replace',
    kept('ab  '),
    withNul(changed('\0a\0\0Ω\0', '\ufffda\ufffd\ufffdΩ\ufffd')),
  ),
  crossing(
    'nvarchar(20)',
    'varchar(3)',
    'fail',
    kept('😀😀😀'),
    refused('abcd', 'TOO_LONG'),
    refused('abc ', 'TOO_LONG'),
  ),
  crossing(
    'nvarchar(20)',
    'varchar(3)',
    'replace',
    withNul(changed('a\0b', 'a\ufffdb')),
    refused('abcd', 'TOO_LONG'),
  ),
  crossing(
    'nvarchar(20)',
    'varchar(3)',
    'truncate',
    kept('Ωa '),
    changed('abcd', 'abc'),
    changed('abc ', 'abc'),
    changed('😀😀😀😀', '😀😀😀'),
    changed('e\u0301e\u0301', 'e\u0301e'),
    withNul(refused('a\0b', 'NUL_CHARACTER')),
  ),
  crossing('char(5)', 'varchar(3)', 'truncate', changed('ab', 'ab '), changed('abcde', 'abc')),
  crossing(
    'nvarchar(50)',
    'json',
    undefined,
    kept('{"b" : 1, "a":2,"a":"é😀"}'),
    refused('{"a":', 'SQLSTATE_22P02'),
  ),
];

/** Pairs of types other than the product's own choice, with the policies that they may have. */
export const crossings: readonly Crossing[] = [...wider, ...moments, ...texts];

/** Every type of the matrix into the type that the product has for it; U+0000, which that cannot hold, is replaced. */
export const plainCrossings: readonly Crossing[] = typeMatrix.map(({ name, declaration, values }) => {
  const withNuls = values.some(({ text }) => text.includes('\0')) && /char|text/.test(declaration);
  return {
    name,
    declaration,
    ...(withNuls && { policy: 'replace' }),
    values: values.map(({ literal, text }) => ({
      literal,
      shown: shownPlain(declaration, text.replaceAll('\0', '\ufffd')),
      changed: text.includes('\0'),
    })),
  };
});

function shownPlain(declaration: string, text: string): string {
  switch (/^\w+/.exec(declaration)?.[0]) {
    case 'bit':
      return text === '1' ? 'true' : 'false';
    case 'binary':
    case 'varbinary':
    case 'image':
    case 'hierarchyid':
    case 'geography':
    case 'geometry':
      return `\\x${text}`;
    case 'time':
    case 'datetime2':
      return declaration.endsWith('(7)') ? text : shortClock(text);
    case 'datetime':
    case 'smalldatetime':
      return shortClock(text);
    default:
      return text;
  }
}
