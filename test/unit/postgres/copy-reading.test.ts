import fc from 'fast-check';
import { createReading, type Reading } from '../../../engine/postgres/copy-reading.js';
import { batchOf } from '../../../engine/rows/cells.js';
import type { TargetTyped } from '../../../engine/rows/convert/conversion.js';
import { createRowHasher } from '../../../engine/rows/hash/row-hasher.js';
import type { Cell, Column } from '../../../engine/rows/types.js';
import { addChecksums } from '../../../engine/validation/set-checksum.js';

const source: readonly Column[] = [
  { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { name: 'note', type: { kind: 'text' }, nullable: true },
  { name: 'at', type: { kind: 'timestamp', precision: 7 }, nullable: true },
];
const plain: readonly Column[] = source.slice(0, 2);
const rounded: readonly TargetTyped[] = [
  { name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { name: 'note', type: { kind: 'text' }, nullable: true, policy: 'replace' },
  { name: 'at', type: { kind: 'timestamp', precision: 6 }, nullable: true, policy: 'round' },
];

function checksum(columns: readonly Column[], rows: readonly (readonly Cell[])[]) {
  const hasher = createRowHasher(columns);
  hasher.add(batchOf(columns, rows));
  return hasher.value();
}

/** Reads batches of `size` rows to their end; `refused` are ids that a server leaves out. */
function readAll(
  reading: Reading,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  size: number,
  refused: ReadonlySet<Cell> = new Set(),
): number {
  let bytes = 0;
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size);
    const batch = reading.take(batchOf(columns, some));
    some.forEach(([id], row) => {
      if (refused.has(id ?? null)) batch.leaveOut(row, { reason: 'SQLSTATE_23514', what: 'it is refused' });
    });
    for (const tuples of batch.tuples()) bytes += tuples.length;
    batch.settle();
  }
  return bytes;
}

describe('a reading', () => {
  test('accounts for every row: what is stored and what is in quarantine add up to what was read', () => {
    let left = 0;
    const anyNote = fc.constantFrom('ok', 'é', '', 'bad\0', null);
    fc.assert(
      fc.property(fc.array(anyNote, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (notes, size) => {
        const rows = notes.map((note, id) => [id, note]);
        const reading = createReading(plain, plain, '7', 12);
        const bytes = readAll(reading, plain, rows, size);
        const kept = rows.filter(([, note]) => note !== 'bad\0');
        left += rows.length - kept.length;
        expect(reading).toMatchObject({ exact: true });
        expect(reading.read()).toEqual(checksum(plain, rows));
        expect(reading.stored()).toEqual(checksum(plain, kept));
        expect(addChecksums([reading.stored(), reading.quarantine.checksum()])).toEqual(reading.read());
        // Count of fields, an int4, the text's length, an int8; each with its own length.
        const text = kept.reduce((sum, [, note]) => sum + Buffer.byteLength(String(note ?? '')), 0);
        expect(bytes).toBe(kept.length * 26 + text);
      }),
    );
    expect(left).toBeGreaterThan(50);
  });

  test('hashes what is stored as the target has it, and counts what a policy has changed of it', () => {
    const rows: Cell[][] = [
      [0, 'a\0', '2024-12-31 23:59:59.9999999'],
      [1, null, '2024-12-31 23:59:59.9999990'],
      [2, 'refused\0', '2024-12-31 23:59:59.0000009'],
      [3, 'b', '9999-12-31 23:59:59.9999999'],
      [4, 'c', null],
      [5, 'd', '2024-12-31 00:00:00.0000004'],
    ];
    const midnight = BigInt(Date.UTC(2025, 0, 1)) * 1000n;
    const day = 86_400_000_000n;
    const stored: Cell[][] = [
      [0n, 'a\ufffd', midnight],
      [1n, null, midnight - 1n],
      [4n, 'c', null],
      [5n, 'd', midnight - day],
    ];
    for (const size of [1, 2, 6]) {
      const reading = createReading(source, rounded, '7', 9);
      readAll(reading, source, rows, size, new Set([2]));
      expect(reading.exact).toBe(false);
      expect(reading.read()).toEqual(checksum(source, rows));
      expect(reading.quarantine.checksum()).toEqual(checksum(source, [rows[2] ?? [], rows[3] ?? []]));
      expect(reading.stored()).toEqual(checksum(rounded, stored));
      expect(reading.policies()).toEqual([
        { column: 'note', policy: 'replace', values: 1 },
        { column: 'at', policy: 'round', values: 2 },
      ]);
    }
  });

  test('throws for the first row that the target cannot hold, by ordinal, where none may be left out', () => {
    const rows = ['a', 'b', 'secret\0', '\0'].map((note, id) => [id, note]);
    for (const size of [1, 4]) {
      const read = () => readAll(createReading(plain, plain, '7', 0), plain, rows, size);
      expect(read).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
      expect(read).toThrow(/^Column note, row 2 of the chunk: /);
      expect(read).not.toThrow('secret');
    }
  });
});
