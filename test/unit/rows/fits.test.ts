import fc from 'fast-check';
import { losslessInto, type Policy, policyInto } from '../../../engine/rows/fits.js';
import { parsePgType } from '../../../engine/rows/pg-types.js';
import type { LogicalType } from '../../../engine/rows/types.js';
import { anyType } from '../../support/arbitrary-rows.js';

const int = (bits: 8 | 16 | 32 | 64): LogicalType => ({ kind: 'int', bits });
const decimal = (precision: number, scale: number): LogicalType => ({ kind: 'decimal', precision, scale });
const text = (maxLength?: number): LogicalType =>
  maxLength === undefined ? { kind: 'text' } : { kind: 'text', maxLength };
const time = (precision: 0 | 3 | 6 | 7): LogicalType => ({ kind: 'time', precision });
const timestamp = (precision: 0 | 3 | 6 | 7): LogicalType => ({ kind: 'timestamp', precision });
const offsetTimestamp = (precision: 0 | 6 | 7): LogicalType => ({ kind: 'offsetTimestamp', precision });

describe('losslessInto', () => {
  test.each<[LogicalType, string]>([
    [int(8), 'smallint'],
    [int(32), 'bigint'],
    [int(32), 'numeric(10,0)'],
    [decimal(11, 3), 'numeric(12,4)'],
    [decimal(9, 0), 'integer'],
    [{ kind: 'bool' }, 'boolean'],
    [{ kind: 'float', bits: 32 }, 'double precision'],
    [time(6), 'time'],
    [time(7), 'varchar(16)'],
    [timestamp(3), 'timestamp(6)'],
    [timestamp(7), 'varchar(27)'],
    [offsetTimestamp(6), 'timestamptz'],
    [offsetTimestamp(7), 'varchar(34)'],
    [{ kind: 'uuid' }, 'uuid'],
    [{ kind: 'uuid' }, 'varchar(36)'],
    [text(5), 'varchar(5)'],
    [text(5), 'text'],
    [text(), 'json'],
    [text(), 'bytea'],
    [{ kind: 'bytes', maxLength: 16 }, 'bytea'],
  ])('%j fits %s', (from, to) => {
    expect(losslessInto(from, parsePgType(to))).toBe(true);
  });

  test.each<[LogicalType, string]>([
    [int(64), 'integer'],
    [int(32), 'numeric(11,2)'],
    [int(32), 'text'],
    [int(32), 'double precision'],
    [{ kind: 'bool' }, 'smallint'],
    [decimal(11, 3), 'numeric(11,4)'],
    [decimal(11, 3), 'numeric(11,2)'],
    [decimal(10, 0), 'integer'],
    [decimal(10, 0), 'double precision'],
    [{ kind: 'float', bits: 64 }, 'real'],
    [{ kind: 'float', bits: 64 }, 'numeric(38,10)'],
    [time(7), 'time(6)'],
    [time(7), 'varchar(15)'],
    [timestamp(6), 'timestamp(3)'],
    [timestamp(6), 'timestamptz'],
    [timestamp(6), 'text'],
    [timestamp(7), 'varchar(26)'],
    [offsetTimestamp(6), 'timestamp'],
    [offsetTimestamp(7), 'timestamptz'],
    [offsetTimestamp(7), 'varchar(33)'],
    [{ kind: 'date' }, 'timestamp(0)'],
    [{ kind: 'uuid' }, 'varchar(35)'],
    [text(), 'varchar(100)'],
    [text(6), 'varchar(5)'],
    [text(36), 'uuid'],
    [{ kind: 'bytes' }, 'text'],
  ])('%j does not fit %s', (from, to) => {
    expect(losslessInto(from, parsePgType(to))).toBe(false);
  });
});

describe('policyInto', () => {
  test.each<[LogicalType, string, readonly Policy[]]>([
    [int(32), 'bigint', ['fail']],
    [time(7), 'time(6)', ['fail', 'round', 'truncate']],
    [timestamp(7), 'timestamp(6)', ['fail', 'round', 'truncate']],
    [timestamp(3), 'timestamp(0)', ['fail', 'round', 'truncate']],
    [offsetTimestamp(7), 'timestamptz', ['fail', 'round', 'truncate']],
    [offsetTimestamp(6), 'timestamptz', ['fail']],
    [text(6), 'varchar(5)', ['fail', 'replace', 'truncate']],
    [text(5), 'text', ['fail', 'replace']],
    [text(), 'bytea', ['fail']],
    [timestamp(7), 'timestamptz', []],
    [offsetTimestamp(7), 'timestamp', []],
    [int(64), 'integer', []],
    [decimal(11, 3), 'numeric(11,2)', []],
    [{ kind: 'bytes' }, 'text', []],
  ])('%j into %s: %j', (from, to, expected) => {
    expect(policyInto(from, parsePgType(to))).toEqual(expected);
  });

  test('allows to fail wherever it allows anything, and something wherever nothing is lost', () => {
    fc.assert(
      fc.property(anyType, anyType, (from, to) => {
        const policies = policyInto(from, to);
        if (policies.length > 0) expect(policies[0]).toBe('fail');
        if (losslessInto(from, to)) expect(policies).toContain('fail');
      }),
    );
  });
});
