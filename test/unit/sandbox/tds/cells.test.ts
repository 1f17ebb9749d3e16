import fc from 'fast-check';
import { dateTimeText, offsetText, ticksPerDay, timeText } from '../../../../sandbox/sqlserver/clock';
import type { Cell, SqlType } from '../../../../sandbox/sqlserver/engine/types';
import { ByteReader } from '../../../../sandbox/sqlserver/tds/byte-reader';
import { ByteWriter } from '../../../../sandbox/sqlserver/tds/byte-writer';
import { compileCellWriter } from '../../../../sandbox/sqlserver/tds/cell-writer';
import { writeTypeInfo } from '../../../../sandbox/sqlserver/tds/type-info';
import { readTypeInfo } from '../../../../sandbox/sqlserver/tds/type-info-reader';
import { readValue } from '../../../../sandbox/sqlserver/tds/value-reader';

type Value = Exclude<Cell, null>;

function encode(type: SqlType, value: Value, nullable = true): Buffer {
  const out = new ByteWriter(1);
  compileCellWriter(type, nullable)(out, value);
  return Buffer.from(out.view());
}

/** Type and value written as a column's, read as a parameter's: both have the same form. */
function roundTrip(type: SqlType, value: Value, nullable: boolean): readonly [SqlType, Cell] {
  const out = new ByteWriter(1);
  writeTypeInfo(out, type, nullable);
  compileCellWriter(type, nullable)(out, value);
  const reader = new ByteReader(Buffer.from(out.view()));
  const info = readTypeInfo(reader);
  const read = readValue(reader, info);
  expect(reader.remaining).toBe(0);
  return [info.type, read];
}

const minuteMicros = 60_000_000n;
/** 0001-01-01 to 9999-12-31 in microseconds since 1970. */
const anyMicros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
/** The years 2 to 9998, so that no offset leaves what the type holds. */
const anyTicks = fc.bigInt({ min: -621_040_608_000_000_000n, max: 2_533_707_648_000_000_000n });
const clockAt = (ticks: bigint, scale: number): string => {
  const day = BigInt(ticksPerDay);
  const inDay = ((ticks % day) + day) % day;
  return dateTimeText({ days: Number((ticks - inDay) / day), ticks: Number(inDay), offset: 0 }, scale);
};
const collation = 'SQL_Latin1_General_CP1_CI_AS';
const utf8 = 'Latin1_General_100_BIN2_UTF8';
const cp1252Text = fc.string({ unit: fc.constantFrom(...'aZ09 \t\n\\\'"~\u00a0éÿ€ž™'), maxLength: 200 });
const anyText = fc.string({ unit: 'grapheme', maxLength: 200 });

const codecs: readonly (readonly [string, SqlType, fc.Arbitrary<Value>])[] = [
  ['bit', { name: 'bit' }, fc.boolean()],
  ['tinyint', { name: 'tinyint' }, fc.integer({ min: 0, max: 255 })],
  ['smallint', { name: 'smallint' }, fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })],
  ['int', { name: 'int' }, fc.integer()],
  ['bigint', { name: 'bigint' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['real', { name: 'real' }, fc.float({ noNaN: true })],
  ['float', { name: 'float' }, fc.double({ noNaN: true })],
  ...[9, 11, 19, 28, 38].map((precision) => {
    const max = 10n ** BigInt(precision) - 1n;
    const type: SqlType = { name: 'decimal', precision, scale: 3 };
    return [`decimal(${precision},3)`, type, fc.bigInt({ min: -max, max })] as const;
  }),
  ['date', { name: 'date' }, fc.integer({ min: -719_162, max: 2_932_896 })],
  ['datetime2(6)', { name: 'datetime2', scale: 6 }, anyMicros],
  ['datetime2(7)', { name: 'datetime2', scale: 7 }, anyTicks.map((ticks) => clockAt(ticks, 7))],
  [
    'time(7)',
    { name: 'time', scale: 7 },
    fc.integer({ min: 0, max: ticksPerDay - 1 }).map((ticks) => timeText(ticks, 7)),
  ],
  ...[0, 3, 7].map((scale) => {
    const type: SqlType = { name: 'datetimeoffset', scale };
    const values = fc
      .tuple(anyTicks, fc.integer({ min: -840, max: 840 }))
      .map(([ticks, offset]) => `${clockAt(ticks, scale)} ${offsetText(offset)}`);
    return [`datetimeoffset(${scale})`, type, values] as const;
  }),
  ['money', { name: 'money' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['smallmoney', { name: 'smallmoney' }, fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n })],
  ['datetime2(3)', { name: 'datetime2', scale: 3 }, anyMicros.map((micros) => (micros / 1_000n) * 1_000n)],
  [
    'datetime2(0)',
    { name: 'datetime2', scale: 0 },
    anyMicros.map((micros) => (micros / 1_000_000n) * 1_000_000n),
  ],
  ['time(6)', { name: 'time', scale: 6 }, fc.bigInt({ min: 0n, max: 86_399_999_999n })],
  [
    'smalldatetime',
    { name: 'smalldatetime' },
    fc.bigInt({ min: -36_816_480n, max: 57_551_039n }).map((minutes) => minutes * minuteMicros),
  ],
  ['varchar', { name: 'varchar', length: 8_000, collation }, cp1252Text],
  ['varchar(max)', { name: 'varchar', length: 'max', collation }, cp1252Text],
  ['varchar in UTF-8', { name: 'varchar', length: 8_000, collation: utf8 }, anyText],
  ['nvarchar', { name: 'nvarchar', length: 4_000, collation }, anyText],
  ['nvarchar(max)', { name: 'nvarchar', length: 'max', collation }, anyText],
  ['varbinary', { name: 'varbinary', length: 8_000 }, fc.uint8Array({ maxLength: 100 })],
  ['varbinary(max)', { name: 'varbinary', length: 'max' }, fc.uint8Array({ maxLength: 100 })],
  ['uniqueidentifier', { name: 'uniqueidentifier' }, fc.uuid().map((uuid) => uuid.toUpperCase())],
];

describe('cells', () => {
  it.each(codecs)('of type %s come back as they were', (_name, type, values) => {
    fc.assert(
      fc.property(values, fc.boolean(), (value, nullable) => {
        expect(roundTrip(type, value, nullable)).toEqual([type, value]);
      }),
      { numRuns: 200 },
    );
  });

  it('of type datetime are whole ticks of 1/300 s, which show as milliseconds ending in 0, 3 or 7', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 25_919_999 }),
        fc.integer({ min: -79_000, max: 2_932_896 }),
        (tick, day) => {
          const micros = BigInt(day) * 86_400_000_000n + BigInt(Math.round((tick * 10) / 3)) * 1_000n;
          expect(encode({ name: 'datetime' }, micros, false).readUInt32LE(4)).toBe(tick);
          expect(roundTrip({ name: 'datetime' }, micros, true)[1]).toBe(micros);
        },
      ),
    );
  });

  // Bytes worked out by hand from MS-TDS 2.2.5.5.
  it.each<readonly [string, SqlType, Value, string]>([
    ['-0.500', { name: 'decimal', precision: 9, scale: 3 }, -500n, '0500f4010000'],
    ['zero, which is positive', { name: 'decimal', precision: 11, scale: 3 }, 0n, '09010000000000000000'],
    ['2025-01-31 23:59:59.997 as datetime', { name: 'datetime' }, 1738367999997000n, '0876b20000ff818b01'],
    ['midnight of 0001-01-01', { name: 'datetime2', scale: 3 }, -62135596800000000n, '0700000000000000'],
    [
      'a GUID, three groups reversed',
      { name: 'uniqueidentifier' },
      '00112233-4455-6677-8899-AABBCCDDEEFF',
      '1033221100554477668899aabbccddeeff',
    ],
    ['the euro sign in code page 1252', { name: 'varchar', length: 5, collation }, '€', '010080'],
    ['a char, padded', { name: 'char', length: 3, collation }, 'a', '0300612020'],
    ['a binary, padded', { name: 'binary', length: 3 }, Uint8Array.of(9), '0300090000'],
    [
      'an empty nvarchar(max)',
      { name: 'nvarchar', length: 'max', collation },
      '',
      '000000000000000000000000',
    ],
    [
      'nvarchar(max) in one chunk',
      { name: 'nvarchar', length: 'max', collation },
      'Ω',
      '020000000000000002000000a90300000000',
    ],
  ])('hold %s in the bytes of the specification', (_name, type, value, hex) => {
    expect(encode(type, value).toString('hex')).toBe(hex);
  });

  it('refuse a decimal that is larger than its precision', () => {
    expect(() => encode({ name: 'decimal', precision: 9, scale: 0 }, 2n ** 32n)).toThrow(RangeError);
    expect(() => encode({ name: 'decimal', precision: 19, scale: 0 }, 2n ** 64n)).toThrow(RangeError);
  });
});

describe('parameters', () => {
  const read = (hex: string) => {
    const reader = new ByteReader(Buffer.from(hex, 'hex'));
    return readValue(reader, readTypeInfo(reader));
  };

  it('may be decimals with fewer bytes than their precision takes', () => {
    expect(read('6a1126030b00cd444271764eb6429d02')).toBe(-12345678901234567890125n);
  });

  it('may be (max) values of unknown length in chunks that cut a character', () => {
    // U+03A9, then U+1F600 as D83D DE00: the first chunk ends in the middle of D83D.
    expect(read('e7ffff0904d00034feffffffffffffff03000000a9033d03000000d800de00000000')).toBe('Ω😀');
  });

  it('may be NULL in every form', () => {
    expect(read('260400')).toBeNull();
    expect(read('e7401f0904d00034ffff')).toBeNull();
    expect(read('e7ffff0904d00034ffffffffffffffff')).toBeNull();
  });

  it('of types that the stand-in does not have are Msg 8009', () => {
    expect(() => read('62')).toThrow('data type 0x62');
  });

  it('keep their digits beyond the microsecond', () => {
    expect(read('2907050100000000')).toBe('00:00:00.0000001');
  });
});
