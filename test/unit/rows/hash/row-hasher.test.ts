import fc from 'fast-check';
import { canonicalRow, rowHash } from '../../../../engine/rows/canonical.js';
import { batchOf } from '../../../../engine/rows/cells.js';
import { batchRows } from '../../../../engine/rows/column-batch.js';
import { createRowHasher } from '../../../../engine/rows/hash/row-hasher.js';
import type { Cell, Column, LogicalType, SetChecksum } from '../../../../engine/rows/types.js';
import { anyColumnCells, anyRows, anyType } from '../../../support/arbitrary-rows.js';

type Rows = readonly (readonly Cell[])[];

function columnsOf(...types: readonly LogicalType[]): readonly Column[] {
  return types.map((type, index) => ({ name: `c${index}`, type, nullable: true }));
}

function checksum(columns: readonly Column[], ...batches: readonly Rows[]): SetChecksum {
  const hasher = createRowHasher(columns);
  for (const rows of batches) hasher.add(batchOf(columns, rows));
  return hasher.value();
}

/** The same by the definition: strings, node:crypto and BigInt. */
function expectedChecksum(columns: readonly Column[], rows: Rows): SetChecksum {
  let sum = 0n;
  for (const cells of rows) sum += rowHash(canonicalRow(columns, cells));
  return { rows: rows.length, sum: BigInt.asUintN(64, sum).toString(16).padStart(16, '0') };
}

describe('createRowHasher', () => {
  test('sums the hashes of the canonical rows modulo 2^64', () => {
    fc.assert(
      fc.property(anyRows, ({ columns, rows }) => {
        expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
      }),
      { numRuns: 500 },
    );
  });

  test('gives each value of each type the hash of its canonical text', () => {
    fc.assert(
      fc.property(
        anyType.chain((type) => fc.tuple(fc.constant(type), anyColumnCells(type, 20))),
        ([type, cells]) => {
          for (const cell of cells) {
            const columns = columnsOf(type);
            expect(checksum(columns, [[cell]])).toEqual(expectedChecksum(columns, [[cell]]));
          }
        },
      ),
    );
  });

  test.each<[string, LogicalType, Cell[]]>([
    ['whole numbers about every power of ten', { kind: 'int', bits: 64 }, aroundPowers(10n, 18)],
    ['whole numbers about every power of two', { kind: 'int', bits: 64 }, aroundPowers(2n, 62)],
    ['the ends of a 32-bit integer', { kind: 'int', bits: 32 }, [-2_147_483_648, 2_147_483_647, 0]],
    ...[0, 1, 3, 9, 15, 16, 17, 18].map((scale): [string, LogicalType, Cell[]] => [
      `decimals of scale ${scale}`,
      { kind: 'decimal', precision: 18, scale },
      aroundPowers(10n, 17),
    ]),
    ['decimals of 128 bits', { kind: 'decimal', precision: 38, scale: 20 }, aroundPowers(10n, 37)],
    ['decimals of all fraction', { kind: 'decimal', precision: 38, scale: 38 }, aroundPowers(10n, 37)],
    ['days before the year 0000', { kind: 'date' }, [-719_163, -735_160, 3_789_392, 99_999_999]],
    ['the ends of 64 bits of microseconds', { kind: 'timestamp', precision: 6 }, [2n ** 62n, -(2n ** 62n)]],
    ['digits beyond the precision', { kind: 'timestamp', precision: 2 }, [999_999n, -1n, 10_000n]],
    ['text with U+0000', { kind: 'text' }, ['\0', 'a\0b']],
  ])('of %s', (_, type, cells) => {
    const columns = columnsOf(type);
    const rows = cells.map((cell) => [cell]);
    expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
  });

  test('pads texts of every length as MD5 asks for', () => {
    const columns = columnsOf({ kind: 'text' });
    const rows = Array.from({ length: 400 }, (_, length) => ['x'.repeat(length)]);
    expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
    for (const row of rows) expect(checksum(columns, [row])).toEqual(expectedChecksum(columns, [row]));
  });

  test('takes rows that are too large for its memory, among small ones', () => {
    const columns = columnsOf(
      { kind: 'int', bits: 32 },
      { kind: 'text' },
      { kind: 'bytes' },
      { kind: 'uuid' },
      { kind: 'float', bits: 64 },
    );
    const uuid = '6f9619ff-8b86-d011-b42d-00c04fc964ff';
    const rows = [0, 10, 8_000, 8_170, 16_300, 16_384, 40_000, 1_000_000, 3].map((length) => [
      length,
      'é'.repeat(length / 2),
      length === 10 ? null : new Uint8Array(length).fill(length),
      uuid,
      null,
    ]);
    expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
  });

  test('takes rows that are all too large, and of so many columns that all might be', () => {
    const text = columnsOf({ kind: 'text' });
    const large = Array.from({ length: 20 }, (_, row) => [
      row % 5 === 4 ? 'small' : 'z'.repeat(20_000 + row),
    ]);
    expect(checksum(text, large)).toEqual(expectedChecksum(text, large));
    const wide = columnsOf(...Array.from({ length: 500 }, (): LogicalType => ({ kind: 'int', bits: 32 })));
    const numbers = Array.from({ length: 3 }, (_, row) => wide.map((__, column) => row * column));
    expect(checksum(wide, numbers)).toEqual(expectedChecksum(wide, numbers));
  });

  test('takes full batches of rows that together do not fit into its memory', () => {
    const columns = columnsOf({ kind: 'text' }, { kind: 'int', bits: 16 });
    const rows = Array.from({ length: batchRows }, (_, row) => ['y'.repeat((row * 37) % 9_000), row]);
    expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
  });

  test('takes full batches of each type, a NULL in every seventh row', () => {
    fc.assert(
      fc.property(
        anyType.chain((type) => fc.tuple(fc.constant(type), anyColumnCells(type, 20))),
        ([type, cells]) => {
          const columns = columnsOf({ kind: 'int', bits: 32 }, type, { kind: 'bool' });
          const rows = Array.from({ length: batchRows }, (_, row) => [
            row,
            row % 7 === 0 ? null : (cells[row % cells.length] ?? null),
            row % 3 === 0,
          ]);
          expect(checksum(columns, rows)).toEqual(expectedChecksum(columns, rows));
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each<[string, LogicalType, Cell]>([
    ['date', { kind: 'date' }, 100_000_001],
    ['date of the far past', { kind: 'date' }, -100_000_001],
    ['timestamp', { kind: 'timestamp', precision: 6 }, 2n ** 63n - 1n],
    ['timestamp of the far past', { kind: 'timestamp', precision: 0 }, -(2n ** 63n)],
  ])('refuses a %s that no text is defined of, in any row', (_, type, cell) => {
    const rows = Array.from({ length: 300 }, (__, row) => [row === 270 ? cell : null]);
    const hasher = createRowHasher(columnsOf(type));
    expect(() => hasher.add(batchOf(columnsOf(type), rows))).toThrow(
      expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }),
    );
    // What was begun leaves nothing behind, here or for hashers of other shapes.
    hasher.add(batchOf(columnsOf(type), [[null]]));
    expect(hasher.value()).toEqual(expectedChecksum(columnsOf(type), [[null]]));
    const others = columnsOf({ kind: 'text' }, { kind: 'int', bits: 64 });
    const texts = Array.from({ length: 300 }, (__, row) => ['t'.repeat(row), BigInt(row)]);
    expect(checksum(others, texts)).toEqual(expectedChecksum(others, texts));
  });

  test('does not depend on the order of rows nor on how they are batched', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(), ({ columns, rows }, cut) => {
        const at = rows.length === 0 ? 0 : cut % rows.length;
        expect(checksum(columns, rows.slice(at), rows.slice(0, at))).toEqual(checksum(columns, rows));
      }),
    );
  });

  test('tells a repeated row from a row that is there once', () => {
    const columns = columnsOf({ kind: 'int', bits: 32 });
    expect(checksum(columns, [[1], [1]]).sum).not.toBe(checksum(columns, [[1]]).sum);
  });

  test('can be read in the middle', () => {
    const columns = columnsOf({ kind: 'int', bits: 32 });
    const hasher = createRowHasher(columns);
    hasher.add(batchOf(columns, [[1]]));
    hasher.value();
    hasher.add(batchOf(columns, [[2]]));
    expect(hasher.value()).toEqual(expectedChecksum(columns, [[1], [2]]));
  });
});

function aroundPowers(base: bigint, most: number): bigint[] {
  return Array.from({ length: most + 1 }, (_, power) => base ** BigInt(power)).flatMap((value) =>
    [value - 1n, value, value + 1n].flatMap((near) => [near, -near]),
  );
}
