import fc from 'fast-check';
import { createVector } from '../../../../../engine/rows/column-batch';
import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { binaryDecoder } from '../../../../../engine/sqlserver/wire/types/binary';
import { cellOptions, decodeValues, shortValue, wireColumn } from '../../../../support/wire-values';

const varbinary = wireColumn(wireTypes.varbinary);

describe('binary and varbinary', () => {
  it('keep every byte at every size of packet', () => {
    const values = fc.array(
      fc.option(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        { nil: null },
      ),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (rows, packet) => {
        expect(
          decodeValues(binaryDecoder, varbinary, Buffer.concat(rows.map(shortValue)), { packet }),
        ).toEqual(rows);
      }),
    );
  });

  it('hold a rowversion as its eight bytes', () => {
    const rowversion = wireColumn(wireTypes.binary, { length: 8, nullable: false });
    const bytes = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0, 0x07, 0xd1]);
    expect(decodeValues(binaryDecoder, rowversion, bytes)).toEqual([bytes.subarray(2)]);
  });

  it('longer than declared are refused, naming type and place', () => {
    const options = cellOptions({ position: { rowsBefore: 0, bytesBefore: 1000 } });
    const column = { ...varbinary, length: 8 };
    expect(() => decodeValues(binaryDecoder, column, Buffer.from([9, 0]), { options })).toThrow(
      expect.objectContaining({
        code: 'WIRE_PROTOCOL',
        message: expect.stringContaining('(type 0xa5), byte 1000'),
      }),
    );
  });

  it('refuse a vector of another layout', () => {
    expect(() => binaryDecoder(varbinary, createVector('i32'), cellOptions())).toThrow('i32');
  });
});
