import { createHash } from 'node:crypto';
import { canonicalRow, rowHash } from '../../../engine/rows/canonical.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';

function column(type: LogicalType): Column {
  return { name: 'c', type, nullable: true };
}

function microseconds(iso: string): bigint {
  const [whole = '', fraction = ''] = iso.split('.');
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

describe('canonicalRow', () => {
  test.each<[LogicalType, Cell, string]>([
    [{ kind: 'bool' }, true, '1;'],
    [{ kind: 'bool' }, false, '0;'],
    [{ kind: 'bool' }, null, '~;'],
    [{ kind: 'int', bits: 8 }, 255, '255;'],
    [{ kind: 'int', bits: 32 }, -12, '-12;'],
    [{ kind: 'int', bits: 64 }, -9_223_372_036_854_775_808n, '-9223372036854775808;'],
    [{ kind: 'decimal', precision: 11, scale: 3 }, -500n, '-0.500;'],
    [{ kind: 'decimal', precision: 11, scale: 3 }, 0n, '0.000;'],
    [{ kind: 'decimal', precision: 11, scale: 3 }, 99_999_999_999n, '99999999.999;'],
    [{ kind: 'decimal', precision: 5, scale: 0 }, -7n, '-7;'],
    [{ kind: 'decimal', precision: 38, scale: 38 }, -1n, `-0.${'0'.repeat(37)}1;`],
    [{ kind: 'date' }, -719_162, '0001-01-01;'],
    [{ kind: 'date' }, 2_932_896, '9999-12-31;'],
    [{ kind: 'date' }, 20_119, '2025-01-31;'],
    [
      { kind: 'timestamp', precision: 3 },
      microseconds('2025-01-31T23:59:59.997'),
      '2025-01-31 23:59:59.997;',
    ],
    [{ kind: 'timestamp', precision: 0 }, microseconds('2025-01-31T23:59:59'), '2025-01-31 23:59:59;'],
    [{ kind: 'timestamp', precision: 6 }, -1n, '1969-12-31 23:59:59.999999;'],
    [
      { kind: 'timestamp', precision: 6 },
      microseconds('9999-12-31T23:59:59.999999'),
      '9999-12-31 23:59:59.999999;',
    ],
    [{ kind: 'timestamp', precision: 2 }, microseconds('0001-01-01T00:00:00.05'), '0001-01-01 00:00:00.05;'],
    [{ kind: 'float', bits: 64 }, 1, '3ff0000000000000;'],
    [{ kind: 'float', bits: 64 }, -0, '8000000000000000;'],
    [{ kind: 'float', bits: 64 }, Number.MIN_VALUE, '0000000000000001;'],
    [{ kind: 'float', bits: 32 }, -1.5, 'bfc00000;'],
    [{ kind: 'time', precision: 7 }, '23:59:59.1234567', '23:59:59.1234567;'],
    [{ kind: 'timestamp', precision: 7 }, '0001-01-01 00:00:00.0000001', '0001-01-01 00:00:00.0000001;'],
    [{ kind: 'offsetTimestamp', precision: 0 }, '2025-01-31 23:59:59 -02:30', '2025-01-31 23:59:59 -02:30;'],
    [{ kind: 'instant', precision: 3 }, microseconds('2025-01-31T23:59:59.997'), '2025-01-31 23:59:59.997;'],
    [{ kind: 'uuid' }, '6f9619ff-8b86-d011-b42d-00c04fc964ff', '6f9619ff-8b86-d011-b42d-00c04fc964ff;'],
    [{ kind: 'bytes' }, Uint8Array.of(0, 255, 59), '3:00ff3b;'],
    [{ kind: 'bytes' }, new Uint8Array(0), '0:;'],
    [{ kind: 'text' }, '', '0:;'],
    [{ kind: 'text' }, null, '~;'],
    [{ kind: 'text' }, 'a ', '2:a ;'],
    [{ kind: 'text' }, 'é😀', '6:é😀;'],
  ])('%j %s -> %s', (type, cell, expected) => {
    expect(canonicalRow([column(type)], [cell])).toBe(expected);
  });

  test('no two different rows of text have the same form', () => {
    const columns = [column({ kind: 'text' }), column({ kind: 'text' })];
    const texts = ['', '~;', ';', '1:a;', 'a', '0:;', '1:', null];
    const forms = texts.flatMap((left) => texts.map((right) => canonicalRow(columns, [left, right])));
    expect(new Set(forms).size).toBe(texts.length ** 2);
  });
});

test('refuses a lone surrogate without showing the value', () => {
  const add = () => canonicalRow([column({ kind: 'text' })], ['secret\ud800']);
  expect(add).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
  expect(add).not.toThrow('secret');
});

test('rowHash is the first eight bytes of MD5, most significant first', () => {
  expect(rowHash('a')).toBe(0x0cc175b9c0f1b6a8n);
  expect(rowHash('é😀')).toBe(createHash('md5').update('é😀').digest().readBigUInt64BE());
});
