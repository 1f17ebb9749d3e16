import fc from 'fast-check';
import { losslessInto } from '../../../engine/rows/fits.js';
import { parsePgType, pgTypeOf } from '../../../engine/rows/pg-types.js';
import type { LogicalType } from '../../../engine/rows/types.js';
import { anyType } from '../../support/arbitrary-rows.js';

describe('parsePgType', () => {
  test.each<[string, LogicalType]>([
    ['smallint', { kind: 'int', bits: 16 }],
    ['INT', { kind: 'int', bits: 32 }],
    ['integer', { kind: 'int', bits: 32 }],
    ['int8', { kind: 'int', bits: 64 }],
    ['boolean', { kind: 'bool' }],
    ['numeric(11,3)', { kind: 'decimal', precision: 11, scale: 3 }],
    ['Decimal ( 38 , 38 )', { kind: 'decimal', precision: 38, scale: 38 }],
    ['numeric(5)', { kind: 'decimal', precision: 5, scale: 0 }],
    ['real', { kind: 'float', bits: 32 }],
    ['Double  Precision', { kind: 'float', bits: 64 }],
    ['date', { kind: 'date' }],
    ['time', { kind: 'time', precision: 6 }],
    ['time(0) without time zone', { kind: 'time', precision: 0 }],
    ['timestamp(3)', { kind: 'timestamp', precision: 3 }],
    ['timestamp (0) without time zone', { kind: 'timestamp', precision: 0 }],
    ['timestamp without time zone', { kind: 'timestamp', precision: 6 }],
    ['timestamptz', { kind: 'instant', precision: 6 }],
    ['timestamp(3) with time zone', { kind: 'instant', precision: 3 }],
    ['uuid', { kind: 'uuid' }],
    ['varchar(100)', { kind: 'text', maxLength: 100 }],
    ['character  varying(7)', { kind: 'text', maxLength: 7 }],
    ['varchar', { kind: 'text' }],
    ['text', { kind: 'text' }],
    ['json', { kind: 'text' }],
    ['bytea', { kind: 'bytes' }],
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
    'timestamp(7)',
    'timestamptz(7)',
    'timestamp(3,1)',
    'time with time zone',
    'text(5)',
    'varchar(0)',
    'varchar(5,2)',
    'bytea(5)',
    'date without time zone',
    'uuid with time zone',
    'integer; drop table t',
    'integer[]',
    'constructor',
  ])('refuses "%s" and lists what is allowed', (declared) => {
    expect(() => parsePgType(declared)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(() => parsePgType(declared)).toThrow('numeric(p,s)');
  });

  test.each([
    ['char(10)', 'pads'],
    ['jsonb', 'json'],
    ['money', 'numeric(19,4)'],
  ])('says why it refuses %s', (declared, reason) => {
    expect(() => parsePgType(declared)).toThrow(reason);
  });

  test('reads a type back that holds all that pgTypeOf was asked for', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(losslessInto(type, parsePgType(pgTypeOf(type)))).toBe(true);
      }),
    );
  });

  test('reads back the same type wherever PostgreSQL has it', () => {
    const types: LogicalType[] = [
      { kind: 'decimal', precision: 38, scale: 10 },
      { kind: 'float', bits: 32 },
      { kind: 'time', precision: 6 },
      { kind: 'timestamp', precision: 0 },
      { kind: 'instant', precision: 6 },
      { kind: 'uuid' },
      { kind: 'text', maxLength: 3 },
      { kind: 'bytes' },
    ];
    for (const type of types) expect(parsePgType(pgTypeOf(type))).toEqual(type);
  });
});
