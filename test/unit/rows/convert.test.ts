import fc from 'fast-check';
import { batchOf, rowsOf } from '../../../engine/rows/cells.js';
import type { TargetTyped } from '../../../engine/rows/convert/conversion.js';
import { createConverter } from '../../../engine/rows/convert/converter.js';
import { type Policy, policyInto, transformedType } from '../../../engine/rows/fits.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { anyType } from '../../support/arbitrary-rows.js';

const note = (type: LogicalType, changes: Partial<TargetTyped> = {}): TargetTyped => ({
  name: 'note',
  type,
  nullable: true,
  ...changes,
});

/** What becomes of cells; a row that is poison has its reason in the place of its value. */
function convert(
  from: LogicalType,
  to: LogicalType,
  cells: readonly Cell[],
  changes: Partial<TargetTyped> = {},
) {
  const source: readonly Column[] = [note(from)];
  const target = [note(to, changes)];
  const given = batchOf(
    source,
    cells.map((cell) => [cell]),
  );
  const { batch, poison, changes: changed } = createConverter(source, target).convert(given);
  const values = rowsOf(target, batch).map(([cell], row) => poison.get(row)?.reason ?? cell);
  return { values, poison, changed, same: batch.columns[0] === given.columns[0] };
}

const int = (bits: 8 | 16 | 32 | 64): LogicalType => ({ kind: 'int', bits });
const decimal = (precision: number, scale: number): LogicalType => ({ kind: 'decimal', precision, scale });
const time = (precision: 0 | 3 | 6 | 7): LogicalType => ({ kind: 'time', precision });
const timestamp = (precision: 0 | 3 | 6 | 7): LogicalType => ({ kind: 'timestamp', precision });
const withOffset = (precision: 0 | 3 | 7): LogicalType => ({ kind: 'offsetTimestamp', precision });
const instant = (precision: 0 | 3 | 6): LogicalType => ({ kind: 'instant', precision });
const text: LogicalType = { kind: 'text' };
const bytes: LogicalType = { kind: 'bytes' };
const varchar = (maxLength: number): LogicalType => ({ kind: 'text', maxLength });

const micros = (iso: string, more = 0): bigint => BigInt(Date.parse(`${iso}Z`)) * 1000n + BigInt(more);
const lastMicrosecond = micros('9999-12-31T23:59:59.999', 999);

describe('conversion', () => {
  test.each<[LogicalType, LogicalType, Cell, Cell]>([
    [int(8), int(16), 255, 255],
    [int(16), int(64), -32_768, -32_768n],
    [int(32), int(64), -2_147_483_648, -(2n ** 31n)],
    [int(32), decimal(12, 2), -2_147_483_648, -214_748_364_800n],
    [int(8), decimal(38, 35), 255, 255n * 10n ** 35n],
    [int(64), decimal(38, 10), -(2n ** 63n), -(2n ** 63n) * 10n ** 10n],
    [decimal(4, 0), int(32), -9_999n, -9_999],
    [decimal(18, 0), int(64), -(10n ** 18n - 1n), -(10n ** 18n - 1n)],
    [decimal(11, 3), decimal(38, 20), -99_999_999_999n, -99_999_999_999n * 10n ** 17n],
    [{ kind: 'float', bits: 32 }, { kind: 'float', bits: 64 }, Math.fround(0.1), Math.fround(0.1)],
    [timestamp(3), timestamp(6), -1_000n, -1_000n],
    [timestamp(7), timestamp(6), '2025-01-31 23:59:59.1234560', micros('2025-01-31T23:59:59.123', 456)],
    [timestamp(7), timestamp(6), '0001-01-01 00:00:00.0000000', micros('0001-01-01T00:00:00')],
    [timestamp(7), timestamp(6), '9999-12-31 23:59:59.9999990', lastMicrosecond],
    [withOffset(7), instant(6), '2024-02-29 23:30:00.0000010 -00:45', micros('2024-03-01T00:15:00', 1)],
    [withOffset(0), instant(6), '1900-03-01 00:00:00 +14:00', micros('1900-02-28T10:00:00')],
    [withOffset(3), text, '2025-01-31 23:59:59.123 +02:00', '2025-01-31 23:59:59.123 +02:00'],
    [time(3), time(6), '23:59:59.123', '23:59:59.123000'],
    [time(0), time(3), '00:00:00', '00:00:00.000'],
    [time(7), time(6), '12:34:56.1234560', '12:34:56.123456'],
    [{ kind: 'uuid' }, text, '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
  ])('of %j into %j keeps %s', (from, to, cell, expected) => {
    expect(convert(from, to, [null, cell, null])).toMatchObject({
      values: [null, expected, null],
      changed: [],
    });
  });

  test('between any two number types that fit is exact', () => {
    const anyPair = fc.integer({ min: 1, max: 38 }).chain((precision) =>
      fc
        .record({ scale: fc.integer({ min: 0, max: precision }), more: fc.nat(38 - precision) })
        .chain(({ scale, more }) =>
          fc.record({
            from: fc.constant(decimal(precision, scale)),
            rise: fc.constant(more),
            to: fc.nat(38 - precision - more).map((wider) => decimal(precision + more + wider, scale + more)),
            cells: fc.array(
              fc.bigInt({ min: 1n - 10n ** BigInt(precision), max: 10n ** BigInt(precision) - 1n }),
            ),
          }),
        ),
    );
    fc.assert(
      fc.property(anyPair, ({ from, to, rise, cells }) => {
        expect(convert(from, to, cells).values).toEqual(cells.map((cell) => cell * 10n ** BigInt(rise)));
      }),
      { numRuns: 500 },
    );
  });

  test('between every two decimal types that fit is exact, in neighbouring rows', () => {
    const wrong: string[] = [];
    for (let precision = 1; precision <= 18; precision += 1)
      for (let scale = 0; scale <= precision; scale += 1)
        for (let more = 0; precision + more <= 38; more += 1)
          for (const wider of [0, 1]) {
            if (precision + more + wider > 38) continue;
            const largest = 10n ** BigInt(precision) - 1n;
            const cells = [largest, -largest, 1n, null, 0n];
            const to = decimal(precision + more + wider, scale + more);
            const expected = cells.map((cell) => cell && cell * 10n ** BigInt(more));
            const { values } = convert(decimal(precision, scale), to, cells);
            if (values.some((value, row) => value !== expected[row]))
              wrong.push(`${precision},${scale} by ${more}, ${wider} wider`);
          }
    expect(wrong).toEqual([]);
  });

  test('reads every moment that has a text', () => {
    const anyMoment = fc.date({
      min: new Date('0001-01-02Z'),
      max: new Date('9999-12-30Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(anyMoment, fc.integer({ min: -840, max: 840 }), fc.nat(999), (date, minutes, more) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString();
        const iso = date.toISOString();
        const clock = (at: string) =>
          `${at.slice(0, 10)} ${at.slice(11, 23)}${String(more).padStart(3, '0')}0`;
        const offset = [Math.abs(minutes) / 60, Math.abs(minutes) % 60].map((part) =>
          String(Math.floor(part)).padStart(2, '0'),
        );
        const expected = micros(iso.slice(0, -1), more);
        expect(convert(timestamp(7), timestamp(6), [clock(iso)]).values).toEqual([expected]);
        const given = `${clock(local)} ${minutes < 0 ? '-' : '+'}${offset.join(':')}`;
        expect(convert(withOffset(7), instant(6), [given]).values).toEqual([expected]);
      }),
    );
  });

  test.each<[LogicalType, LogicalType]>([
    [int(32), int(32)],
    [decimal(11, 3), decimal(15, 3)],
    [timestamp(3), timestamp(3)],
    [text, text],
    [varchar(20), varchar(50)],
    [time(6), time(6)],
    [text, { kind: 'bytes' }],
    [timestamp(7), text],
  ])('gives the vector itself where nothing changes: %j into %j', (from, to) => {
    expect(convert(from, to, [null])).toMatchObject({ same: true, values: [null] });
  });

  test.each<[LogicalType, LogicalType, Cell, string]>([
    [text, text, 'secret\0', 'NUL_CHARACTER'],
    [text, text, '\0', 'NUL_CHARACTER'],
    [text, varchar(6), 'secret!', 'TOO_LONG'],
    [text, varchar(6), 'secret ', 'TOO_LONG'],
    [varchar(20), varchar(2), '😀éx', 'TOO_LONG'],
    [timestamp(3), timestamp(3), 1n, 'FRACTION_DIGITS'],
    [timestamp(6), timestamp(0), 253_402_300_799_999_999n, 'FRACTION_DIGITS'],
    [timestamp(7), timestamp(6), '2025-01-31 23:59:59.1234567', 'FRACTION_DIGITS'],
    [time(7), time(6), '23:59:59.1234567', 'FRACTION_DIGITS'],
    [{ kind: 'date' }, { kind: 'date' }, -719_163, 'OUT_OF_CALENDAR'],
    [{ kind: 'date' }, { kind: 'date' }, 2_932_897, 'OUT_OF_CALENDAR'],
    [timestamp(6), timestamp(6), -62_135_596_800_000_001n, 'OUT_OF_CALENDAR'],
    [timestamp(6), timestamp(6), lastMicrosecond + 1n, 'OUT_OF_CALENDAR'],
    [timestamp(6), timestamp(6), 2n ** 63n - 1n, 'OUT_OF_CALENDAR'],
    [timestamp(6), timestamp(6), -(2n ** 63n), 'OUT_OF_CALENDAR'],
    [withOffset(0), instant(6), '0001-01-01 00:00:00 +00:01', 'OUT_OF_CALENDAR'],
    [withOffset(0), instant(6), '9999-12-31 23:59:59 -00:01', 'OUT_OF_CALENDAR'],
    [time(3), time(3), '24:00:00.000', 'NO_TIME'],
    [time(3), time(3), 'secret', 'NO_TIME'],
    [time(3), time(3), '10:00:00.0', 'NO_TIME'],
    [timestamp(7), timestamp(6), '2025-02-29 00:00:00.0000000', 'NO_TIME'],
    [timestamp(7), timestamp(6), '1900-02-29 00:00:00.0000000', 'NO_TIME'],
    [{ kind: 'uuid' }, { kind: 'uuid' }, '00112233-4455-6677-8899-AABBCCDDEEFF', 'NO_UUID'],
    [{ kind: 'uuid' }, { kind: 'uuid' }, '0011223344556677-8899-aabbccddeeff--', 'NO_UUID'],
  ])('of %j into %j finds that no target can hold %j', (from, to, cell, reason) => {
    const { values, poison } = convert(from, to, [null, cell, null]);
    expect(values).toEqual([null, reason, null]);
    expect([...poison.values()]).toEqual([
      { reason, column: 'note', what: expect.not.stringContaining('secret') },
    ]);
  });

  test('keeps what is just within: the first and last moments, and as many characters as declared', () => {
    const edges = [micros('0001-01-01T00:00:00'), lastMicrosecond];
    expect(convert(timestamp(6), timestamp(6), edges).values).toEqual(edges);
    expect(convert({ kind: 'date' }, { kind: 'date' }, [-719_162, 2_932_896]).values).toEqual([
      -719_162, 2_932_896,
    ]);
    expect(convert(text, varchar(2), ['😀é', '']).values).toEqual(['😀é', '']);
  });

  test('finds NULL where there may be none, and looks at no value of a NULL', () => {
    const { values } = convert(text, text, ['a', null], { nullable: false });
    expect(values).toEqual(['a', 'NULL_VALUE']);
  });

  test.each<[Policy, LogicalType, LogicalType, Cell, Cell]>([
    ['replace', text, text, 'a\0b\0\0', 'a\ufffdb\ufffd\ufffd'],
    ['truncate', text, varchar(2), '😀éx', '😀é'],
    ['round', timestamp(6), timestamp(3), 500n, 1_000n],
    ['round', timestamp(6), timestamp(3), 499n, 0n],
    ['round', timestamp(6), timestamp(3), -500n, 0n],
    ['round', timestamp(6), timestamp(3), -501n, -1_000n],
    ['truncate', timestamp(6), timestamp(3), -1n, -1_000n],
    ['round', timestamp(6), timestamp(0), micros('2024-12-31T23:59:59.500'), micros('2025-01-01T00:00:00')],
    ['round', timestamp(7), timestamp(6), '2024-12-31 23:59:59.9999995', micros('2025-01-01T00:00:00')],
    [
      'round',
      timestamp(7),
      timestamp(6),
      '2024-12-31 23:59:59.9999994',
      micros('2024-12-31T23:59:59.999', 999),
    ],
    [
      'truncate',
      timestamp(7),
      timestamp(6),
      '2024-12-31 23:59:59.9999999',
      micros('2024-12-31T23:59:59.999', 999),
    ],
    ['round', withOffset(7), instant(3), '2025-01-01 00:59:59.9995000 +01:00', micros('2025-01-01T00:00:00')],
    ['round', time(7), time(6), '10:59:59.9999995', '11:00:00.000000'],
    ['round', time(7), time(6), '23:59:59.9999995', '24:00:00.000000'],
    ['truncate', time(7), time(0), '23:59:59.9999999', '23:59:59'],
  ])('by policy %s of %j into %j makes of %j %j and tells the row', (policy, from, to, cell, expected) => {
    const { values, poison, changed } = convert(from, to, [null, cell, null], { policy });
    expect(values).toEqual([null, expected, null]);
    expect(poison.size).toBe(0);
    expect(changed).toEqual([{ column: 'note', policy, rows: [1] }]);
  });

  test.each<[Policy, LogicalType, LogicalType, Cell, string]>([
    ['truncate', text, varchar(2), 'a\0b', 'NUL_CHARACTER'],
    ['replace', text, varchar(2), 'abc', 'TOO_LONG'],
    ['round', timestamp(6), timestamp(3), lastMicrosecond, 'OUT_OF_CALENDAR'],
    ['round', timestamp(7), timestamp(6), '9999-12-31 23:59:59.9999995', 'OUT_OF_CALENDAR'],
  ])('by policy %s of %j into %j does not cover %j', (policy, from, to, cell, reason) => {
    expect(convert(from, to, [cell], { policy }).values).toEqual([reason]);
  });

  test.each<[LogicalType, readonly Policy[]]>([
    [varchar(3), ['fail', 'replace', 'truncate']],
    [text, ['fail', 'replace']],
    [timestamp(3), ['fail']],
    [instant(6), ['fail']],
  ])('behind a transform has for %j the policies %j', (type, allowed) => {
    expect(policyInto(transformedType(type), type)).toEqual(allowed);
  });

  test('behind a transform takes each policy that is allowed there, and cuts what an expression made too long', () => {
    const targets = anyType.filter(({ kind }) => kind !== 'offsetTimestamp');
    fc.assert(
      fc.property(targets, (type) => {
        const from = transformedType(type);
        for (const policy of policyInto(from, type))
          expect(convert(from, type, [null], { policy }).values).toEqual([null]);
      }),
    );
    const cut = convert(transformedType(varchar(3)), varchar(3), ['abcd', 'é😀z!', 'abc'], {
      policy: 'truncate',
    });
    expect(cut.values).toEqual(['abc', 'é😀z', 'abc']);
    expect(cut.changed).toEqual([{ column: 'note', policy: 'truncate', rows: [0, 1] }]);
  });

  test('leaves the rows beside those that it changes as they are', () => {
    const anyTexts = fc.array(
      fc.option(fc.string({ unit: fc.constantFrom('a', 'é', '\0', '😀'), maxLength: 4 })),
    );
    fc.assert(
      fc.property(anyTexts, (cells) => {
        const { values, changed } = convert(text, text, cells, { policy: 'replace' });
        expect(values).toEqual(cells.map((cell) => cell?.replaceAll('\0', '\ufffd') ?? null));
        const withNul = cells.flatMap((cell, row) => (cell?.includes('\0') ? [row] : []));
        expect(changed.flatMap(({ rows }) => rows)).toEqual(withNul);
        const poison = convert(text, text, cells).poison;
        expect([...poison.keys()]).toEqual(withNul);
      }),
    );
  });

  test('converts batch after batch with the same memory', () => {
    const source = [note(int(32))];
    const target = [note(decimal(20, 2))];
    const { convert: next } = createConverter(source, target);
    for (const value of [7, -3])
      expect(rowsOf(target, next(batchOf(source, [[value], [null]])).batch)).toEqual([
        [BigInt(value) * 100n],
        [null],
      ]);
  });

  test.each<[LogicalType, LogicalType, Policy | undefined, boolean]>([
    [int(8), int(64), undefined, true],
    [int(32), decimal(12, 0), undefined, true],
    [int(32), decimal(12, 2), undefined, false],
    [varchar(5), text, undefined, true],
    [text, text, 'replace', false],
    [timestamp(3), timestamp(6), undefined, false],
    [timestamp(6), timestamp(6), undefined, true],
    [withOffset(3), instant(3), undefined, false],
    [{ kind: 'uuid' }, text, undefined, false],
    [text, bytes, undefined, false],
    [bytes, bytes, 'bytes', true],
  ])('of %j into %j by policy %s keeps every row’s hash: %s', (from, to, policy, exact) => {
    const target = note(to, policy === undefined ? {} : { policy });
    expect(createConverter([note(from)], [target]).exact).toBe(exact);
  });

  test.each<[LogicalType, LogicalType, Policy]>([
    [text, int(32), 'fail'],
    [int(64), int(32), 'truncate'],
    [timestamp(7), timestamp(6), 'replace'],
    [text, bytes, 'bytes'],
    [text, text, 'bytes'],
  ])('of %j into %j by policy %s is refused with what is allowed', (from, to, policy) => {
    expect(() => createConverter([note(from)], [note(to, { policy })])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/^Column note: .*Allowed: /),
      }),
    );
  });
});
