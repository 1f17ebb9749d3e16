import fc from 'fast-check';
import { cellText } from '../../../engine/rows/cell-text';
import type { LogicalType } from '../../../engine/rows/types';
import { cellDecoder, parseDate, parseDecimal, parseTimestamp } from '../../../engine/sqlserver/cells';

const decoder = (type: LogicalType) => cellDecoder({ name: 'c', type, nullable: true });

describe('cells from the driver', () => {
  it('keep every decimal, from one digit to 38', () => {
    const decimals = fc
      .integer({ min: 1, max: 38 })
      .chain((precision) =>
        fc.tuple(
          fc.constant(precision),
          fc.integer({ min: 0, max: precision }),
          fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }),
        ),
      );
    fc.assert(
      fc.property(decimals, ([precision, scale, unscaled]) => {
        const text = cellText({ kind: 'decimal', precision, scale })(unscaled);
        expect(parseDecimal(text, scale)).toBe(unscaled);
      }),
    );
  });

  it('keep a zero and a negative fraction', () => {
    expect(parseDecimal('0.000', 3)).toBe(0n);
    expect(parseDecimal('-0.500', 3)).toBe(-500n);
    expect(parseDecimal('-99999999.999', 3)).toBe(-99999999999n);
    expect(parseDecimal('-99999999999999999999999999999999999999', 0)).toBe(-(10n ** 38n) + 1n);
  });

  it('keep every time from year 1 to 9999 at its own precision', () => {
    const min = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1000n;
    const max = BigInt(Date.parse('9999-12-31T23:59:59.999Z')) * 1000n + 999n;
    fc.assert(
      fc.property(fc.bigInt({ min, max }), fc.integer({ min: 0, max: 6 }), (micros, digits) => {
        const precision = digits as 0 | 1 | 2 | 3 | 4 | 5 | 6;
        const unit = 10n ** BigInt(6 - precision);
        const exact =
          ((micros % unit) + unit) % unit === 0n ? micros : micros - (((micros % unit) + unit) % unit);
        const text = cellText({ kind: 'timestamp', precision })(exact);
        expect(parseTimestamp(text, precision)).toBe(exact);
      }),
    );
  });

  it('agree with the calendar of Date on every day around leap days', () => {
    for (const year of [1, 4, 100, 400, 1600, 1899, 1900, 1970, 2000, 2024, 2100, 9999]) {
      for (const day of ['01-01', '02-28', '03-01', '12-31']) {
        const text = `${String(year).padStart(4, '0')}-${day}`;
        expect(parseDate(text)).toBe(Date.parse(`${text}T00:00:00Z`) / 86_400_000);
      }
    }
    expect(parseDate('2024-02-29')).toBe(19_782);
  });

  it('refuse a form that was not asked for, without telling the value', () => {
    expect(() => decoder({ kind: 'decimal', precision: 9, scale: 3 })('1.5')).toThrow(/Column c arrived/);
    expect(() => decoder({ kind: 'decimal', precision: 9, scale: 3 })(1.5)).toThrow(/Column c arrived/);
    expect(() => decoder({ kind: 'timestamp', precision: 3 })('2025-01-31 23:59:59')).toThrow(/Column c/);
    expect(() => decoder({ kind: 'timestamp', precision: 3 })('31.01.2025 23:59:59.9')).toThrow(/Column c/);
    expect(() => decoder({ kind: 'int', bits: 32 })('secret')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });

  it('tell NULL from empty text, and bigint without rounding', () => {
    expect(decoder({ kind: 'text' })(null)).toBeNull();
    expect(decoder({ kind: 'text' })('')).toBe('');
    expect(decoder({ kind: 'int', bits: 64 })('-9223372036854775808')).toBe(-(2n ** 63n));
    expect(decoder({ kind: 'bool' })(false)).toBe(false);
  });
});
