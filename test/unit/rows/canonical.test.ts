import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { canonicalRow, rowHash, SetHasher } from '../../../engine/rows/canonical.js';
import type { Cell, Column, LogicalType, RowBatch } from '../../../engine/rows/types.js';
import { anyRows, rowsOf } from '../../support/arbitrary-rows.js';

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

test('rowHash is the first eight bytes of MD5, most significant first', () => {
  expect(rowHash('a')).toBe(0x0cc175b9c0f1b6a8n);
  expect(rowHash('é😀')).toBe(createHash('md5').update('é😀').digest().readBigUInt64BE());
});

describe('SetHasher', () => {
  function checksum(columns: readonly Column[], ...batches: readonly RowBatch[]) {
    const hasher = new SetHasher();
    for (const batch of batches) hasher.add(columns, batch);
    return hasher.value();
  }

  test('is the sum of the hashes of the canonical rows modulo 2^64', () => {
    fc.assert(
      fc.property(anyRows, ({ columns, batch }) => {
        let sum = 0n;
        for (const cells of rowsOf(batch)) sum += rowHash(canonicalRow(columns, cells));
        expect(checksum(columns, batch)).toEqual({
          rows: batch.rows,
          sum: BigInt.asUintN(64, sum).toString(16).padStart(16, '0'),
        });
      }),
    );
  });

  test('does not depend on the order of rows nor on how they are batched', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(), ({ columns, batch }, cut) => {
        const at = batch.rows === 0 ? 0 : cut % batch.rows;
        const slice = (from: number, to: number): RowBatch => ({
          rows: to - from,
          columns: batch.columns.map((cells) => cells.slice(from, to)),
        });
        expect(checksum(columns, slice(at, batch.rows), slice(0, at))).toEqual(checksum(columns, batch));
      }),
    );
  });

  test('tells a repeated row from a row that is there once', () => {
    const columns = [column({ kind: 'int', bits: 32 })];
    const once = checksum(columns, { rows: 1, columns: [[1]] });
    const twice = checksum(columns, { rows: 2, columns: [[1, 1]] });
    expect(twice.sum).not.toBe(once.sum);
  });

  test('can be read in the middle', () => {
    const columns = [column({ kind: 'int', bits: 32 })];
    const hasher = new SetHasher();
    hasher.add(columns, { rows: 1, columns: [[1]] });
    hasher.value();
    hasher.add(columns, { rows: 1, columns: [[2]] });
    expect(hasher.value()).toEqual(checksum(columns, { rows: 2, columns: [[1, 2]] }));
  });

  test('refuses a lone surrogate without showing the value', () => {
    const columns = [{ name: 'note', type: { kind: 'text' }, nullable: true }] as const;
    const add = () => checksum(columns, { rows: 1, columns: [['secret\ud800']] });
    expect(add).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
    expect(add).toThrow('note');
    expect(add).not.toThrow('secret');
  });
});
