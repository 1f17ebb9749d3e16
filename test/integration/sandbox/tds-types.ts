import type { Cell, SqlType } from '../../../sandbox/sqlserver/engine/types';

const cp1252 = 'SQL_Latin1_General_CP1_CI_AS';
const windows = 'Latin1_General_CI_AS';
const utf8 = 'Latin1_General_100_CI_AS_SC_UTF8';
const binaryUtf8 = 'Latin1_General_100_BIN2_UTF8';

/** Microseconds since 1970-01-01 of a wall-clock time; `micros` are the digits behind the milliseconds. */
function at(iso: string, micros = 0): bigint {
  return BigInt(Date.parse(`${iso}Z`)) * 1_000n + BigInt(micros);
}

/** A value of one type and the text that each client must show for it: one for all, or one of its own. */
export interface TypeCase {
  readonly type: SqlType;
  readonly value: Exclude<Cell, null>;
  readonly jdbc: string;
  readonly pymssql: string;
  readonly tedious: unknown;
}

function everywhere(
  type: SqlType,
  value: Exclude<Cell, null>,
  text: string,
  tedious: unknown = text,
): TypeCase {
  return { type, value, jdbc: text, pymssql: text, tedious };
}

function decimal(precision: number, scale: number, unscaled: bigint, text: string): TypeCase {
  return everywhere({ name: 'decimal', precision, scale }, unscaled, text, Number(text));
}

function time(
  type: SqlType,
  value: number | bigint | string,
  jdbc: string,
  pymssql: string,
  tedious: string,
): TypeCase {
  return { type, value, jdbc, pymssql, tedious: new Date(`${tedious}Z`) };
}

const day = '2025-01-31';
const dateTime2 = (scale: number): SqlType => ({ name: 'datetime2', scale });

/** Every type that the stand-in sends, at its ends and where it hurts. */
export const typeCases: readonly TypeCase[] = [
  { type: { name: 'bit' }, value: true, jdbc: '1', pymssql: 'True', tedious: true },
  { type: { name: 'bit' }, value: false, jdbc: '0', pymssql: 'False', tedious: false },
  everywhere({ name: 'tinyint' }, 255, '255', 255),
  everywhere({ name: 'smallint' }, -32_768, '-32768', -32_768),
  everywhere({ name: 'int' }, -2_147_483_648, '-2147483648', -2_147_483_648),
  everywhere({ name: 'bigint' }, -(2n ** 63n), '-9223372036854775808'),
  everywhere({ name: 'bigint' }, 2n ** 63n - 1n, '9223372036854775807'),
  {
    type: { name: 'real' },
    value: Math.fround(1.1),
    jdbc: '1.1',
    pymssql: '1.100000023841858',
    tedious: Math.fround(1.1),
  },
  { type: { name: 'float' }, value: -2.5e-300, jdbc: '-2.5E-300', pymssql: '-2.5e-300', tedious: -2.5e-300 },
  decimal(9, 3, -500n, '-0.500'),
  decimal(11, 3, 99_999_999_999n, '99999999.999'),
  decimal(11, 3, -99_999_999_999n, '-99999999.999'),
  decimal(11, 3, 0n, '0.000'),
  decimal(19, 0, 9_999_999_999_999_999_999n, '9999999999999999999'),
  decimal(28, 10, -(10n ** 28n - 1n), '-999999999999999999.9999999999'),
  decimal(38, 0, 10n ** 38n - 1n, '9'.repeat(38)),
  decimal(38, 38, -1n, `-0.${'0'.repeat(37)}1`),
  time({ name: 'date' }, 20_119, day, day, `${day}T00:00:00`),
  time({ name: 'date' }, -719_162, '0001-01-01', '0001-01-01', '0001-01-01T00:00:00'),
  time(
    { name: 'datetime' },
    at(`${day}T23:59:59.997`),
    `${day} 23:59:59.997`,
    `${day} 23:59:59.997000`,
    `${day}T23:59:59.997`,
  ),
  time(
    { name: 'datetime' },
    at('1753-01-01T00:00:00'),
    '1753-01-01 00:00:00.0',
    '1753-01-01 00:00:00',
    '1753-01-01T00:00:00',
  ),
  time(
    { name: 'smalldatetime' },
    at('2079-06-06T23:59:00'),
    '2079-06-06 23:59:00.0',
    '2079-06-06 23:59:00',
    '2079-06-06T23:59:00',
  ),
  time(dateTime2(0), at(`${day}T23:59:59`), `${day} 23:59:59`, `${day} 23:59:59`, `${day}T23:59:59`),
  time(
    dateTime2(3),
    at(`${day}T00:00:00.001`),
    `${day} 00:00:00.001`,
    `${day} 00:00:00.001000`,
    `${day}T00:00:00.001`,
  ),
  time(
    dateTime2(6),
    at('9999-12-31T23:59:59.999', 999),
    '9999-12-31 23:59:59.999999',
    '9999-12-31 23:59:59.999999',
    '9999-12-31T23:59:59.999',
  ),
  time(
    dateTime2(7),
    '0001-01-01 00:00:00.0000012',
    '0001-01-01 00:00:00.0000012',
    '0001-01-01 00:00:00.000001',
    '0001-01-01T00:00:00.000',
  ),
  time({ name: 'time', scale: 0 }, 86_399_000_000n, '23:59:59', '23:59:59', '1970-01-01T23:59:59'),
  time({ name: 'time', scale: 6 }, 1n, '00:00:00.000001', '00:00:00.000001', '1970-01-01T00:00:00'),
  {
    type: { name: 'uniqueidentifier' },
    value: '00112233-4455-6677-8899-AABBCCDDEEFF',
    jdbc: '00112233-4455-6677-8899-AABBCCDDEEFF',
    pymssql: '00112233-4455-6677-8899-aabbccddeeff',
    tedious: '00112233-4455-6677-8899-AABBCCDDEEFF',
  },
  everywhere({ name: 'varchar', length: 50, collation: cp1252 }, 'é€ž\t\n\\"\'', 'é€ž\t\n\\"\''),
  everywhere({ name: 'varchar', length: 50, collation: windows }, ' ÿ ', ' ÿ '),
  everywhere({ name: 'varchar', length: 50, collation: windows }, '', ''),
  everywhere({ name: 'varchar', length: 50, collation: utf8 }, 'é😀', 'é😀'),
  everywhere({ name: 'char', length: 5, collation: cp1252 }, 'ab', 'ab   '),
  everywhere({ name: 'nvarchar', length: 50, collation: cp1252 }, 'Ω😀 ', 'Ω😀 '),
  everywhere({ name: 'nchar', length: 4, collation: cp1252 }, 'Ω', 'Ω   '),
  everywhere({ name: 'varchar', length: 'max', collation: cp1252 }, '€'.repeat(20_000), '€'.repeat(20_000)),
  everywhere(
    { name: 'varchar', length: 'max', collation: binaryUtf8 },
    '😀'.repeat(9_000),
    '😀'.repeat(9_000),
  ),
  everywhere({ name: 'nvarchar', length: 'max', collation: cp1252 }, 'Ω'.repeat(70_000), 'Ω'.repeat(70_000)),
  everywhere({ name: 'nvarchar', length: 'max', collation: cp1252 }, '', ''),
  everywhere({ name: 'varbinary', length: 10 }, Uint8Array.of(0, 255), '00ff', Buffer.from([0, 255])),
  everywhere({ name: 'binary', length: 3 }, Uint8Array.of(7), '070000', Buffer.from([7, 0, 0])),
  everywhere(
    { name: 'varbinary', length: 'max' },
    new Uint8Array(10_000).fill(171),
    'ab'.repeat(10_000),
    Buffer.alloc(10_000, 171),
  ),
];
