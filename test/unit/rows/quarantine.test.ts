import fc from 'fast-check';
import { Quarantine } from '../../../engine/rows/quarantine.js';
import type { Cell, Column } from '../../../engine/rows/types.js';

const columns: readonly Column[] = [
  { name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { name: 'load', type: { kind: 'decimal', precision: 11, scale: 3 }, nullable: true },
  { name: 'at', type: { kind: 'timestamp', precision: 3 }, nullable: true },
  { name: '__proto__', type: { kind: 'text' }, nullable: true },
  { name: 'seen', type: { kind: 'timestamp', precision: 7 }, nullable: true },
  { name: 'raw', type: { kind: 'bytes' }, nullable: true },
];

const late = '2025-01-31 23:59:59.9999999';

function quarantined(...rows: readonly (readonly [ordinal: number, reason: string, ...cells: Cell[]])[]) {
  const quarantine = new Quarantine(columns, 100);
  for (const [ordinal, reason, ...cells] of rows)
    quarantine.add({ ordinal, reason, what: 'it is poison', column: 'load', cells });
  return quarantine;
}

describe('rows in quarantine', () => {
  test('are written in their order with every value whole, also what no column could hold', () => {
    const quarantine = quarantined(
      [7, 'SQLSTATE_22003', 2n ** 63n - 1n, -500n, 1n, 'a\nb\0\\', late, Uint8Array.of(0, 255)],
      [2, 'FRACTION_DIGITS', -1n, null, null, null, null, null],
    );
    const lines = quarantine.lines().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => Object.entries(JSON.parse(line).values))).toEqual([
      [
        ['id', '-1'],
        ['load', null],
        ['at', null],
        ['__proto__', null],
        ['seen', null],
        ['raw', null],
      ],
      [
        ['id', '9223372036854775807'],
        ['load', '-0.500'],
        ['at', '1970-01-01 00:00:00.000001'],
        ['__proto__', 'a\nb\0\\'],
        ['seen', late],
        ['raw', '00ff'],
      ],
    ]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { ordinal: 2, column: 'load', reason: 'FRACTION_DIGITS' },
      { ordinal: 7, column: 'load', reason: 'SQLSTATE_22003' },
    ]);
  });

  test('tell the ordinal of each row that is left by its place among those', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 30 })),
        fc.integer({ min: 0, max: 20 }),
        (left, first) => {
          const quarantine = quarantined(
            ...left.map((ordinal) => [ordinal, 'R', 1n, null, null, null, null, null] as const),
          );
          const kept = Array.from({ length: 40 }, (_, at) => first + at).filter((at) => !left.includes(at));
          kept.forEach((ordinal, place) => {
            expect(quarantine.ordinalOf(place, first)).toBe(ordinal);
          });
        },
      ),
    );
  });

  test('are no more than the limit, and the row beyond it is named with the limit, never with a value', () => {
    const quarantine = new Quarantine(columns, 2);
    const add = (ordinal: number) =>
      quarantine.add({
        ordinal,
        reason: 'R',
        what: 'it is poison',
        cells: [1n, null, null, 'secret', null, null],
      });
    add(3);
    add(1);
    expect(() => add(9)).toThrow(expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }));
    expect(() => add(9)).toThrow(/^Row 9 of the chunk: it is poison.*More than 2 rows \(poisonLimit\)/);
    expect(() => add(9)).not.toThrow('secret');
    expect(quarantine.checksum().rows).toBe(2);
  });
});
