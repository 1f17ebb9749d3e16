import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { variantDecoder } from '../../../../../engine/sqlserver/wire/types/variant';
import {
  cellOptions,
  decodeValues,
  latin1Collation,
  longValue,
  utf8Collation,
  wireColumn,
} from '../../../../support/wire-values';

const column = wireColumn(wireTypes.variant, { length: 8009 });
const decode = (bytes: Buffer, options = cellOptions()) =>
  decodeValues(variantDecoder, column, bytes, { options });

/** Length, base type, number of property bytes, properties, value (MS-TDS 2.2.5.5.4). */
function variant(typeId: number, properties: readonly number[], value: readonly number[] | Buffer): Buffer {
  return longValue(Buffer.from([typeId, properties.length, ...properties, ...value]));
}

const le = (value: bigint, bytes: number) =>
  Array.from({ length: bytes }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const single = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const maxLength = [0x40, 0x1f];
const day = 738_917n; // 2024-02-02, from 0001-01-01

describe('sql_variant', () => {
  it.each([
    ['bit', wireTypes.bit, [], [1], '1'],
    ['tinyint', wireTypes.tinyint, [], [255], '255'],
    ['smallint', wireTypes.smallint, [], le(-2n, 2), '-2'],
    ['int', wireTypes.int, [], le(-(2n ** 31n), 4), '-2147483648'],
    ['bigint', wireTypes.bigint, [], le(2n ** 63n - 1n, 8), '9223372036854775807'],
    ['real', wireTypes.real, [], single(0.1), '0.1'],
    ['float', wireTypes.float, [], double(-0), '-0'],
    ['smallmoney', wireTypes.smallmoney, [], le(-12_345n, 4), '-1.2345'],
    ['money', wireTypes.money, [], [...le(1n, 4), ...le(0n, 4)], '429496.7296'],
    ['decimal', wireTypes.decimalN, [11, 3], [0, ...le(500n, 8)], '-0.500'],
    ['numeric', wireTypes.numericN, [38, 0], [1, ...le(10n ** 38n - 1n, 16)], '9'.repeat(38)],
    ['date', wireTypes.date, [], le(day, 3), '2024-02-02'],
    ['time', wireTypes.time, [7], le(863_999_999_999n, 5), '23:59:59.9999999'],
    ['datetime2(7)', wireTypes.datetime2, [7], [...le(1n, 5), ...le(day, 3)], '2024-02-02 00:00:00.0000001'],
    ['datetime2(0)', wireTypes.datetime2, [0], [...le(1n, 3), ...le(day, 3)], '2024-02-02 00:00:01'],
    [
      'datetimeoffset',
      wireTypes.datetimeoffset,
      [0],
      [...le(0n, 3), ...le(day, 3), ...le(-330n, 2)],
      '2024-02-01 18:30:00 -05:30',
    ],
    ['datetime', wireTypes.datetime, [], [...le(1n, 4), ...le(1n, 4)], '1900-01-02 00:00:00.003'],
    ['smalldatetime', wireTypes.smalldatetime, [], [...le(1n, 2), ...le(61n, 2)], '1900-01-02 01:01:00'],
    [
      'uniqueidentifier',
      wireTypes.uniqueidentifier,
      [],
      [
        ...le(0x00112233n, 4),
        ...le(0x4455n, 2),
        ...le(0x6677n, 2),
        0x88,
        0x99,
        0xaa,
        0xbb,
        0xcc,
        0xdd,
        0xee,
        0xff,
      ],
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
    ['varbinary', wireTypes.varbinary, maxLength, [0x0a, 0xff], '0aff'],
    ['binary', wireTypes.binary, maxLength, [], ''],
    ['varchar', wireTypes.varchar, [...latin1Collation, ...maxLength], [0x80, 0x61], '€a'],
    ['char of UTF-8', wireTypes.char, [...utf8Collation, ...maxLength], Buffer.from('é '), 'é '],
    [
      'nvarchar',
      wireTypes.nvarchar,
      [...latin1Collation, ...maxLength],
      Buffer.from('Ж😀', 'utf16le'),
      'Ж😀',
    ],
    ['nchar', wireTypes.nchar, [...latin1Collation, ...maxLength], [], ''],
  ] as const)('of a %s is its text', (_, typeId, properties, value, expected) => {
    const bytes = variant(typeId, properties, value as readonly number[]);
    expect(decode(Buffer.concat([bytes, bytes]))).toEqual([Buffer.from(expected), Buffer.from(expected)]);
  });

  it('mixes base types and NULLs, at every size of packet', () => {
    const bytes = Buffer.concat([
      variant(wireTypes.int, [], le(7n, 4)),
      Buffer.alloc(4),
      variant(wireTypes.decimalN, [5, 2], [1, ...le(123n, 4)]),
      variant(wireTypes.decimalN, [5, 1], [1, ...le(123n, 4)]),
      variant(wireTypes.varchar, [...latin1Collation, ...maxLength], Buffer.from('x')),
    ]);
    const expected = ['7', null, '1.23', '12.3', 'x'].map((text) =>
      text === null ? null : Buffer.from(text),
    );
    for (let packet = 1; packet <= bytes.length; packet++)
      expect(decodeValues(variantDecoder, column, bytes, { packet })).toEqual(expected);
  });

  it.each([
    ['a base type that no sql_variant has', [wireTypes.xml, 0, 1]],
    ['a base type alone', [wireTypes.int]],
    ['another number of properties', [wireTypes.int, 1, 0, 1, 0, 0, 0]],
    ['properties cut short', [wireTypes.decimalN, 2, 5]],
    ['a value cut short', [wireTypes.int, 0, 1, 0, 0]],
    ['a value too long', [wireTypes.int, 0, 1, 0, 0, 0, 0]],
    ['no value', [wireTypes.date, 0]],
    ['a value of 256 bytes more', [wireTypes.date, 0, ...Array(259).fill(0)]],
    ['a decimal of more digits than its precision', [wireTypes.decimalN, 2, 1, 0, 1, 10, 0, 0, 0]],
    ['a precision beyond 38', [wireTypes.decimalN, 2, 39, 0, 1, 0, 0, 0, 0]],
    ['a scale beyond its precision', [wireTypes.decimalN, 2, 5, 6, 1, 0, 0, 0, 0]],
    ['a scale of time beyond 7', [wireTypes.time, 1, 8, 0, 0, 0, 0, 0]],
    ['an odd number of bytes of nvarchar', [wireTypes.nvarchar, 7, ...latin1Collation, ...maxLength, 1]],
  ])('with %s is refused, naming the place', (_, content) => {
    const options = cellOptions({ position: { rowsBefore: 0, bytesBefore: 100 } });
    expect(() => decode(longValue(Buffer.from(content)), options)).toThrow(
      expect.objectContaining({
        code: 'WIRE_PROTOCOL',
        message: expect.stringMatching(/Column c .*byte 1[01]\d/),
      }),
    );
  });

  it('longer than declared is refused before its bytes come', () => {
    expect(() => decode(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL' }),
    );
  });

  it('with text that is none fails, or is replaced and counted', () => {
    const bytes = variant(wireTypes.varchar, [...latin1Collation, ...maxLength], [0x81]);
    for (const invalidText of ['fail', 'bytes'] as const)
      expect(() => decode(bytes, cellOptions({ invalidText }))).toThrow(
        expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }),
      );
    const options = cellOptions({ invalidText: 'replace' });
    expect(decode(bytes, options)).toEqual([Buffer.from('\ufffd')]);
    expect(options.counts.replaced).toBe(1);
  });

  it('with text of an unknown collation is refused', () => {
    expect(() => decode(variant(wireTypes.varchar, [0, 0, 0, 0, 0, ...maxLength], [0x61]))).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE' }),
    );
  });

  it('of ever other properties keeps working, and forgets old ones', () => {
    const versions = Array.from({ length: 600 }, (_, index) => [
      0x09,
      0x04,
      (index & 0xf) << 4,
      index >> 4,
      0x34,
    ]);
    const bytes = versions.map((collation) =>
      variant(wireTypes.varchar, [...collation, ...maxLength], Buffer.from('x')),
    );
    expect(decode(Buffer.concat(bytes))).toEqual(versions.map(() => Buffer.from('x')));
  });
});
