import fc from 'fast-check';
import { copyTextEncoder } from '../../../engine/rows/copy-text.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { anyRows, rowsOf } from '../../support/arbitrary-rows.js';

const text: LogicalType = { kind: 'text' };

function encode(type: LogicalType, cells: readonly Cell[], firstOrdinal = 0): string {
  const columns: readonly Column[] = [{ name: 'note', type, nullable: true }];
  const encoder = copyTextEncoder(columns, '7');
  return Buffer.concat([...encoder({ rows: cells.length, columns: [cells] }, firstOrdinal)]).toString('utf8');
}

/** What PostgreSQL's documentation says a reader of COPY text does, independent of the encoder. */
function decodeField(field: string): string | null {
  if (field === '\\N') return null;
  const letters: Record<string, string> = { n: '\n', r: '\r', t: '\t' };
  return field.replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}

describe('copyTextEncoder', () => {
  test.each<[LogicalType, Cell, string]>([
    [text, null, '\\N'],
    [text, '', ''],
    [text, '\\N', '\\\\N'],
    [text, '\\.', '\\\\.'],
    [text, 'a\tb\nc\rd', 'a\\tb\\nc\\rd'],
    [text, '😀é ', '😀é '],
    [{ kind: 'bool' }, true, '1'],
    [{ kind: 'decimal', precision: 11, scale: 3 }, -500n, '-0.500'],
    [{ kind: 'timestamp', precision: 3 }, 997_000n, '1970-01-01 00:00:00.997'],
    [{ kind: 'date' }, -719_162, '0001-01-01'],
    [{ kind: 'timestamp', precision: 3 }, null, '\\N'],
    [{ kind: 'int', bits: 32 }, null, '\\N'],
  ])('%j %s', (type, cell, expected) => {
    expect(encode(type, [cell])).toBe(`${expected}\t7\n`);
  });

  test('a reader of COPY text gets every text back, with the constant in every line', () => {
    fc.assert(
      fc.property(anyRows, ({ columns, batch }) => {
        const bytes = Buffer.concat([...copyTextEncoder(columns, '12345')(batch, 0)]);
        const lines = bytes.toString('utf8').split('\n');
        expect(lines).toHaveLength(batch.rows + 1);
        rowsOf(batch).forEach((cells, row) => {
          const fields = (lines[row] ?? '').split('\t').map(decodeField);
          expect(fields).toHaveLength(columns.length + 1);
          expect(fields.at(-1)).toBe('12345');
          cells.forEach((cell, index) => {
            if (cell === null || columns[index]?.type.kind === 'text') expect(fields[index]).toBe(cell);
            else expect(fields[index]).not.toBeNull();
          });
        });
      }),
    );
  });

  test('long texts come in several buffers of whole lines, more together than a string can hold', () => {
    const long = 'x'.repeat(263_000);
    const cells = Array.from({ length: 2_048 }, () => long);
    let lines = 0;
    let largest = 0;
    for (const bytes of copyTextEncoder([{ name: 'note', type: text, nullable: true }], '7')(
      { rows: cells.length, columns: [cells] },
      0,
    )) {
      expect(bytes.subarray(-3).toString()).toBe('\t7\n');
      lines += bytes.length / (long.length + 3);
      largest = Math.max(largest, bytes.length);
    }
    expect(lines).toBe(2_048);
    expect(largest).toBeLessThan(17 * 1024 * 1024);
  });

  test('no rows give no buffer', () => {
    expect([...copyTextEncoder([], '7')({ rows: 0, columns: [] }, 0)]).toEqual([]);
  });

  test.each<[string, LogicalType, Cell]>([
    ['U+0000', text, 'secret\0'],
    ['a lone surrogate', text, 'secret\udc00'],
    ['more fraction digits than the column', { kind: 'timestamp', precision: 3 }, 1n],
    [
      'more fraction digits than the column, far in the future',
      { kind: 'timestamp', precision: 0 },
      253_402_300_799_999_999n,
    ],
  ])('refuses %s, naming column and row and not the value', (_, type, bad) => {
    const action = () => encode(type, [null, bad], 40);
    expect(action).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
    expect(action).toThrow('Column note, row 41');
    expect(action).not.toThrow('secret');
  });
});
