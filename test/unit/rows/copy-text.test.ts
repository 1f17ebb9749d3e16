import fc from 'fast-check';
import { copyTextEncoder } from '../../../engine/rows/copy-text.js';
import { Quarantine } from '../../../engine/rows/quarantine.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { anyRows, rowsOf } from '../../support/arbitrary-rows.js';

const text: LogicalType = { kind: 'text' };

function encode(
  type: LogicalType,
  cells: readonly Cell[],
  { firstOrdinal = 0, limit = 0, nullable = true } = {},
): { readonly lines: string; readonly quarantine: Quarantine } {
  const columns: readonly Column[] = [{ name: 'note', type, nullable }];
  const quarantine = new Quarantine(columns, limit);
  const buffers = copyTextEncoder(
    columns,
    '7',
    quarantine,
  )({ rows: cells.length, columns: [cells] }, firstOrdinal);
  return { lines: Buffer.concat([...buffers]).toString('utf8'), quarantine };
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
    expect(encode(type, [cell]).lines).toBe(`${expected}\t7\n`);
  });

  test('a reader of COPY text gets every text back, with the constant in every line', () => {
    fc.assert(
      fc.property(anyRows, ({ columns, batch }) => {
        const encoder = copyTextEncoder(columns, '12345', new Quarantine(columns, 0));
        const bytes = Buffer.concat([...encoder(batch, 0)]);
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
    const columns = [{ name: 'note', type: text, nullable: true }];
    const encoder = copyTextEncoder(columns, '7', new Quarantine(columns, 0));
    for (const bytes of encoder({ rows: cells.length, columns: [cells] }, 0)) {
      expect(bytes.subarray(-3).toString()).toBe('\t7\n');
      lines += bytes.length / (long.length + 3);
      largest = Math.max(largest, bytes.length);
    }
    expect(lines).toBe(2_048);
    expect(largest).toBeLessThan(17 * 1024 * 1024);
  });

  test('no rows give no buffer', () => {
    expect(encode(text, []).lines).toBe('');
  });

  const poison: readonly (readonly [string, LogicalType, Cell])[] = [
    ['NUL_CHARACTER', text, 'secret\0'],
    ['TOO_LONG', { kind: 'text', maxLength: 6 }, 'secret!'],
    ['TOO_LONG', { kind: 'text', maxLength: 6 }, 'secret '],
    ['FRACTION_DIGITS', { kind: 'timestamp', precision: 3 }, 1n],
    ['FRACTION_DIGITS', { kind: 'timestamp', precision: 0 }, 253_402_300_799_999_999n],
    ['OUT_OF_CALENDAR', { kind: 'date' }, -719_163],
    ['OUT_OF_CALENDAR', { kind: 'date' }, 2_932_897],
    ['OUT_OF_CALENDAR', { kind: 'timestamp', precision: 6 }, -62_135_596_800_000_001n],
    ['OUT_OF_CALENDAR', { kind: 'timestamp', precision: 6 }, 253_402_300_800_000_000n],
  ];

  test.each([...poison, ['LONE_SURROGATE', text, 'secret\udc00'] as const])(
    'refuses %s of %j, naming column and row and not the value',
    (_, type, bad) => {
      const action = () => encode(type, [null, bad], { firstOrdinal: 40 });
      expect(action).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
      expect(action).toThrow('Column note, row 41');
      expect(action).not.toThrow('secret');
    },
  );

  test.each(poison)('leaves a row out for %s of %j where it may', (reason, type, bad) => {
    const { lines, quarantine } = encode(type, [null, bad, null], { firstOrdinal: 40, limit: 1 });
    expect(lines).toBe('\\N\t7\n\\N\t7\n');
    expect(quarantine.has(41)).toBe(true);
    expect(JSON.parse(quarantine.lines())).toMatchObject({ ordinal: 41, column: 'note', reason });
  });

  test('leaves out NULL of a column that takes none, and no line is left of it', () => {
    const { lines, quarantine } = encode(text, [null], { limit: 1, nullable: false });
    expect(lines).toBe('');
    expect(quarantine.checksum().rows).toBe(1);
    expect(() => encode(text, [null], { nullable: false })).toThrow('Column note, row 0');
  });

  test('counts characters as PostgreSQL does, by code points', () => {
    expect(encode({ kind: 'text', maxLength: 2 }, ['😀é']).lines).toBe('😀é\t7\n');
    expect(() => encode({ kind: 'text', maxLength: 2 }, ['😀éx'])).toThrow('more than 2 characters');
  });

  test('leaves no row out that has no canonical text and so cannot be accounted for', () => {
    expect(() => encode(text, ['\udc00'], { limit: 9 })).toThrow('lone surrogate');
    expect(() => encode({ kind: 'date' }, [2_147_483_647], { limit: 9 })).toThrow('infinite');
  });
});
