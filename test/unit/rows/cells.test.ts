import fc from 'fast-check';
import { batchOf, putCell, rowsOf } from '../../../engine/rows/cells.js';
import { batchRows, type ColumnVector, clearBatch, createBatch } from '../../../engine/rows/column-batch.js';
import { anyRows } from '../../support/arbitrary-rows.js';

test('a batch gives back the rows it was made of', () => {
  fc.assert(
    fc.property(anyRows, ({ columns, rows }) => {
      expect(rowsOf(columns, batchOf(columns, rows))).toEqual(rows);
    }),
  );
});

test('a cleared batch takes other rows', () => {
  fc.assert(
    fc.property(anyRows, ({ columns, rows }) => {
      const batch = batchOf(columns, [...rows].reverse());
      clearBatch(batch);
      expect(batch.rows).toBe(0);
      for (const [row, cells] of rows.entries()) {
        columns.forEach(({ type }, index) => {
          putCell(type, batch.columns[index] as ColumnVector, row, cells[index] ?? null);
        });
        batch.rows++;
      }
      expect(rowsOf(columns, batch)).toEqual(rows);
    }),
  );
});

test('bytes of a row are a copy, which outlives the batch', () => {
  const columns = [{ type: { kind: 'bytes' } }] as const;
  const batch = batchOf(columns, [[Uint8Array.of(1, 2, 3)]]);
  const rows = rowsOf(columns, batch);
  (batch.columns[0] as { heap: Buffer }).heap.fill(9);
  expect(rows).toEqual([[Uint8Array.of(1, 2, 3)]]);
});

test('text with a lone surrogate is refused', () => {
  const batch = createBatch([{ type: { kind: 'text' } }]);
  expect(() => putCell({ kind: 'text' }, batch.columns[0] as ColumnVector, 0, 'a\ud800')).toThrow(
    expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }),
  );
});

test('more rows than a batch holds are refused', () => {
  const rows = Array.from({ length: batchRows + 1 }, () => [1]);
  expect(() => batchOf([{ type: { kind: 'int', bits: 32 } }], rows)).toThrow(RangeError);
});
