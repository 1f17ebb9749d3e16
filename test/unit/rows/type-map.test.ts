import fc from 'fast-check';
import { MigrationError } from '../../../engine/errors.js';
import {
  duckdbTypeOf,
  logicalTypeOf,
  losslessInto,
  parsePgType,
  pgTypeOf,
} from '../../../engine/rows/type-map.js';
import type { LogicalType } from '../../../engine/rows/types.js';
import { anyType } from '../../support/arbitrary-rows.js';

function source(typeName: string, maxLength = 0, precision = 0, scale = 0) {
  return { typeName, maxLength, precision, scale };
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof MigrationError ? error.code : String(error);
  }
}

describe('logicalTypeOf', () => {
  test.each<[ReturnType<typeof source>, LogicalType]>([
    [source('bit', 1), { kind: 'bool' }],
    [source('tinyint', 1), { kind: 'int', bits: 8 }],
    [source('smallint', 2), { kind: 'int', bits: 16 }],
    [source('int', 4), { kind: 'int', bits: 32 }],
    [source('BIGINT', 8), { kind: 'int', bits: 64 }],
    [source('decimal', 9, 11, 3), { kind: 'decimal', precision: 11, scale: 3 }],
    [source('numeric', 17, 38, 0), { kind: 'decimal', precision: 38, scale: 0 }],
    [source('date', 3), { kind: 'date' }],
    [source('datetime', 8, 23, 3), { kind: 'timestamp', precision: 3 }],
    [source('smalldatetime', 4, 16, 0), { kind: 'timestamp', precision: 0 }],
    [source('datetime2', 8, 26, 6), { kind: 'timestamp', precision: 6 }],
    [source('varchar', 50), { kind: 'text', maxLength: 50 }],
    [source('nvarchar', 100), { kind: 'text', maxLength: 50 }],
    [source('nchar', 20), { kind: 'text', maxLength: 10 }],
    [source('char', 10), { kind: 'text', maxLength: 10 }],
    [source('nvarchar', -1), { kind: 'text' }],
    [source('varchar', -1), { kind: 'text' }],
  ])('%j', (declared, expected) => {
    expect(logicalTypeOf(declared)).toEqual(expected);
  });

  test.each([
    'money',
    'float',
    'xml',
    'datetimeoffset',
    'text',
    'uniqueidentifier',
    'timestamp',
    'sql_variant',
  ])('refuses %s by name', (typeName) => {
    expect(codeOf(() => logicalTypeOf(source(typeName)))).toBe('SOURCE_TYPE');
    expect(() => logicalTypeOf(source(typeName))).toThrow(typeName);
  });

  test('refuses datetime2(7), whose last digit PostgreSQL cannot hold', () => {
    expect(() => logicalTypeOf(source('datetime2', 8, 27, 7))).toThrow('datetime2(7)');
  });
});

describe('parsePgType', () => {
  test.each<[string, LogicalType]>([
    ['smallint', { kind: 'int', bits: 16 }],
    ['INT', { kind: 'int', bits: 32 }],
    ['integer', { kind: 'int', bits: 32 }],
    ['bigint', { kind: 'int', bits: 64 }],
    ['boolean', { kind: 'bool' }],
    ['numeric(11,3)', { kind: 'decimal', precision: 11, scale: 3 }],
    ['Decimal ( 38 , 38 )', { kind: 'decimal', precision: 38, scale: 38 }],
    ['numeric(5)', { kind: 'decimal', precision: 5, scale: 0 }],
    ['date', { kind: 'date' }],
    ['timestamp(3)', { kind: 'timestamp', precision: 3 }],
    ['timestamp (0) without time zone', { kind: 'timestamp', precision: 0 }],
    ['timestamp without time zone', { kind: 'timestamp', precision: 6 }],
    ['varchar(100)', { kind: 'text', maxLength: 100 }],
    ['character  varying(7)', { kind: 'text', maxLength: 7 }],
    ['varchar', { kind: 'text' }],
    ['text', { kind: 'text' }],
  ])('%s', (declared, expected) => {
    expect(parsePgType(declared)).toEqual(expected);
  });

  test.each([
    '',
    'numeric',
    'numeric(39,0)',
    'numeric(0,0)',
    'numeric(5,6)',
    'numeric(5,-1)',
    'char(10)',
    'timestamp(7)',
    'timestamp(3) with time zone',
    'timestamptz',
    'text(5)',
    'varchar(0)',
    'varchar(5,2)',
    'date without time zone',
    'double precision',
    'integer; drop table t',
    'integer[]',
  ])('refuses "%s" and lists what is allowed', (declared) => {
    expect(codeOf(() => parsePgType(declared))).toBe('CONFIG_INVALID');
    expect(() => parsePgType(declared)).toThrow('numeric(p,s)');
  });

  test('reads back what pgTypeOf wrote, tinyint aside, which PostgreSQL does not have', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const back = parsePgType(pgTypeOf(type));
        expect(back).toEqual(type.kind === 'int' && type.bits === 8 ? { kind: 'int', bits: 16 } : type);
      }),
    );
  });
});

test('duckdbTypeOf keeps tinyint unsigned and every time in microseconds', () => {
  expect(duckdbTypeOf({ kind: 'int', bits: 8 })).toBe('UTINYINT');
  expect(duckdbTypeOf({ kind: 'timestamp', precision: 0 })).toBe('TIMESTAMP');
  expect(duckdbTypeOf({ kind: 'decimal', precision: 38, scale: 38 })).toBe('DECIMAL(38,38)');
});

describe('losslessInto', () => {
  const allowed: [string, LogicalType, string][] = [
    ['tinyint', { kind: 'int', bits: 8 }, 'smallint'],
    ['int', { kind: 'int', bits: 32 }, 'bigint'],
    ['int', { kind: 'int', bits: 32 }, 'numeric(10,0)'],
    ['decimal(11,3)', { kind: 'decimal', precision: 11, scale: 3 }, 'numeric(12,4)'],
    ['decimal(9,0)', { kind: 'decimal', precision: 9, scale: 0 }, 'integer'],
    ['timestamp(3)', { kind: 'timestamp', precision: 3 }, 'timestamp(6)'],
    ['text(5)', { kind: 'text', maxLength: 5 }, 'varchar(5)'],
    ['text(5)', { kind: 'text', maxLength: 5 }, 'text'],
    ['bool', { kind: 'bool' }, 'boolean'],
  ];
  test.each(allowed)('%s fits (%j) %s', (_, from, to) => {
    expect(losslessInto(from, parsePgType(to))).toBe(true);
  });

  const refused: [string, LogicalType, string][] = [
    ['bigint', { kind: 'int', bits: 64 }, 'integer'],
    ['int', { kind: 'int', bits: 32 }, 'numeric(11,2)'],
    ['int', { kind: 'int', bits: 32 }, 'text'],
    ['bool', { kind: 'bool' }, 'smallint'],
    ['decimal(11,3)', { kind: 'decimal', precision: 11, scale: 3 }, 'numeric(11,4)'],
    ['decimal(11,3)', { kind: 'decimal', precision: 11, scale: 3 }, 'numeric(11,2)'],
    ['decimal(10,0)', { kind: 'decimal', precision: 10, scale: 0 }, 'integer'],
    ['timestamp(6)', { kind: 'timestamp', precision: 6 }, 'timestamp(3)'],
    ['date', { kind: 'date' }, 'timestamp(0)'],
    ['text', { kind: 'text' }, 'varchar(100)'],
    ['text(6)', { kind: 'text', maxLength: 6 }, 'varchar(5)'],
  ];
  test.each(refused)('%s does not fit (%j) %s', (_, from, to) => {
    expect(losslessInto(from, parsePgType(to))).toBe(false);
  });

  test('every type fits its own PostgreSQL type', () => {
    fc.assert(fc.property(anyType, (type) => losslessInto(type, parsePgType(pgTypeOf(type)))));
  });
});
