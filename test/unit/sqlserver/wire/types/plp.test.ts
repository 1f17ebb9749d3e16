import fc from 'fast-check';
import { createVector } from '../../../../../engine/rows/column-batch';
import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { binaryDecoder } from '../../../../../engine/sqlserver/wire/types/binary';
import {
  cellOptions,
  decodeValues,
  longValue,
  plpNull,
  plpValue,
  wireColumn,
} from '../../../../support/wire-values';

const column = wireColumn(wireTypes.varbinary, { length: Number.POSITIVE_INFINITY });
const unknownLength = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

describe('PLP values', () => {
  it('are read as MS-TDS 2.2.5.2.3 has them', () => {
    const known = Buffer.from([5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 2, 0, 0, 0, 4, 5, 0, 0, 0, 0]);
    const unknown = Buffer.concat([unknownLength, Buffer.from([1, 0, 0, 0, 9, 0, 0, 0, 0])]);
    const empty = Buffer.alloc(12);
    expect(decodeValues(binaryDecoder, column, Buffer.concat([known, unknown, empty, plpNull]))).toEqual([
      Buffer.from([1, 2, 3, 4, 5]),
      Buffer.from([9]),
      Buffer.alloc(0),
      null,
    ]);
  });

  it('arrive whole at every size of chunk and packet from one byte on', () => {
    const value = Buffer.from(Array.from({ length: 40 }, (_, index) => index));
    for (const known of [true, false])
      for (let chunk = 1; chunk <= 41; chunk++)
        for (let packet = 1; packet <= 60; packet += 7) {
          const bytes = Buffer.concat([plpValue(value, chunk, known), plpValue(value, 41, known)]);
          expect(decodeValues(binaryDecoder, column, bytes, { packet })).toEqual([value, value]);
        }
  });

  it('ask for no byte more than they have, wherever their bytes end', () => {
    const values = fc.record({
      value: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      chunk: fc.integer({ min: 1, max: 40 }),
      known: fc.boolean(),
    });
    fc.assert(
      fc.property(values, ({ value, chunk, known }) => {
        const bytes = plpValue(value, chunk, known);
        const decode = binaryDecoder(column, createVector('var'), cellOptions());
        for (let end = 0; end < bytes.length; end++) {
          const needed = -decode(Buffer.from(bytes.subarray(0, end)), 0, end, 0);
          expect(needed).toBeGreaterThan(end);
          expect(needed).toBeLessThanOrEqual(bytes.length);
        }
      }),
    );
  });

  it.each([
    ['chunks beyond the length announced', [3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]],
    ['chunks short of it', [3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 0, 0, 0]],
  ])('with %s are refused, naming the place', (_, bytes) => {
    expect(() => decodeValues(binaryDecoder, column, Buffer.from(bytes))).toThrow(
      expect.objectContaining({
        code: 'WIRE_PROTOCOL',
        message: expect.stringMatching(/type 0xa5.*byte \d+/),
      }),
    );
  });

  describe('beyond the limit', () => {
    const options = cellOptions({ maxValueBytes: 1000 });
    const tooLong = expect.objectContaining({
      code: 'VALUE_UNREPRESENTABLE',
      message: expect.stringMatching(/Column c, row 1: .*1000 bytes/),
    });

    it('are refused by the length announced', () => {
      for (const length of [1001n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 3n]) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(length);
        expect(() => decodeValues(binaryDecoder, column, bytes, { options })).toThrow(tooLong);
      }
    });

    it('are refused by the length of a chunk, before its bytes come', () => {
      const bytes = Buffer.concat([unknownLength, Buffer.from([0xff, 0xff, 0xff, 0xff])]);
      expect(() => decodeValues(binaryDecoder, column, bytes, { options })).toThrow(tooLong);
    });

    it('are refused as their chunks add up, lengths included', () => {
      const chunks = Array.from({ length: 11 }, () => longValue(Buffer.alloc(100)));
      expect(() =>
        decodeValues(binaryDecoder, column, Buffer.concat([unknownLength, ...chunks]), { options }),
      ).toThrow(tooLong);
      const tiny = Array.from({ length: 300 }, () => longValue(Buffer.alloc(1)));
      expect(() =>
        decodeValues(binaryDecoder, column, Buffer.concat([unknownLength, ...tiny]), { options }),
      ).toThrow(tooLong);
    });

    it('are not those of just the limit', () => {
      const value = Buffer.alloc(1000, 7);
      for (const known of [true, false])
        expect(decodeValues(binaryDecoder, column, plpValue(value, 1000, known), { options })).toEqual([
          value,
        ]);
    });
  });
});
