import fc from 'fast-check';
import { batchOf, rowsOf } from '../../../engine/rows/cells.js';
import { PackedRows } from '../../../engine/rows/packed-rows.js';
import type { Cell, Column } from '../../../engine/rows/types.js';
import { anyRows } from '../../support/arbitrary-rows.js';

const cellsOf = ({ columns, blocks }: PackedRows): Cell[][] =>
  blocks.flatMap((block) => rowsOf(columns, block));

const texts: readonly Column[] = [{ name: 't', type: { kind: 'text' }, nullable: true }];
/** Of more than a segment of memory. */
const manyRows = (letter: string): Cell[][] =>
  Array.from({ length: 1_000 }, (_, at) => [`${at} `.padEnd(3_000, letter)]);

function packed(columns: readonly Column[], rows: readonly (readonly Cell[])[]): PackedRows {
  const kept = new PackedRows(columns);
  kept.append(batchOf(columns, rows), { from: 0, count: rows.length, ordinal: 0 });
  return kept;
}

describe('packed rows', () => {
  it('are those of the ranges that were appended, whatever becomes of the batch', () => {
    fc.assert(
      fc.property(anyRows, fc.array(fc.nat(), { maxLength: 4 }), ({ columns, rows }, cuts) => {
        fc.pre(rows.length > 0);
        const batch = batchOf(columns, rows);
        const kept = new PackedRows(columns);
        const at = [...new Set([0, ...cuts.map((cut) => cut % rows.length), rows.length])];
        at.sort((a, b) => a - b);
        for (const [index, from] of at.slice(0, -1).entries())
          kept.append(batch, { from, count: (at[index + 1] as number) - from, ordinal: from });
        for (const vector of batch.columns) (vector.layout === 'var' ? vector.heap : vector.data).fill(7);
        expect(cellsOf(kept)).toEqual(rows);
        expect(kept.rows).toBe(rows.length);
      }),
    );
  });

  it('are not touched by others, which use memory that was given back', () => {
    const first = packed(texts, manyRows('a'));
    const second = packed(texts, manyRows('b'));
    first.clear();
    expect(cellsOf(first)).toEqual([]);
    expect(first.bytes).toBe(0);
    const third = packed(texts, manyRows('c'));
    first.append(batchOf(texts, manyRows('d')), { from: 0, count: 1_000, ordinal: 0 });
    expect(cellsOf(second)).toEqual(manyRows('b'));
    expect(cellsOf(third)).toEqual(manyRows('c'));
    expect(cellsOf(first)).toEqual(manyRows('d'));
  });

  it('tell the bytes that they take', () => {
    const columns: readonly Column[] = [
      { name: 'n', type: { kind: 'int', bits: 64 }, nullable: true },
      { name: 't', type: { kind: 'text' }, nullable: true },
    ];
    const kept = packed(columns, [
      [1n, 'abc'],
      [2n, 'defgh'],
    ]);
    expect(kept.bytes).toBe(2 * 8 + 2 * 4 + 8);
    kept.append(batchOf(columns, [[null, 'x']]), { from: 0, count: 1, ordinal: 2 });
    expect(kept.bytes).toBe(32 + 8 + 1 + 4 + 1);
  });

  it('refuse text that is not UTF-8, naming column and row, and take it as bytes', () => {
    const bytes: readonly Column[] = [{ name: 'the_column', type: { kind: 'bytes' }, nullable: true }];
    const text = bytes.map((column): Column => ({ ...column, type: { kind: 'text' } }));
    const rows = ['fine', 'first', 'c3\xff', 'fine'].map((value) => [Buffer.from(value, 'latin1')]);
    const range = { from: 1, count: 3, ordinal: 100 };
    const append = () => new PackedRows(text).append(batchOf(bytes, rows), range);
    expect(append).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
    expect(append).toThrow(/the_column, row 101 of the chunk/);
    expect(() => packed(bytes, rows)).not.toThrow();
  });
});
