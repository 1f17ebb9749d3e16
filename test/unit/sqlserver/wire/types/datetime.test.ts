import { decodeHex } from '../../../../support/decode-answer';

const micros = (text: string) => BigInt(Date.parse(`${text}Z`)) * 1_000n;
const datetime = { kind: 'timestamp', precision: 3 } as const;
const smalldatetime = { kind: 'timestamp', precision: 0 } as const;

describe('datetime and smalldatetime', () => {
  it('count from 1900: days, then 1/300 s, of which the milliseconds end in 0, 3 or 7', () => {
    expect(
      decodeHex(
        '3d',
        datetime,
        '00000000 00000000',
        '00000000 01000000',
        '00000000 02000000',
        '00000000 03000000',
        '462effff 00000000',
        '7f242d00 ff818b01',
      ),
    ).toEqual(
      [
        '1900-01-01T00:00:00',
        '1900-01-01T00:00:00.003',
        '1900-01-01T00:00:00.007',
        '1900-01-01T00:00:00.010',
        '1753-01-01T00:00:00',
        '9999-12-31T23:59:59.997',
      ].map(micros),
    );
    expect(decodeHex('6f 08', datetime, '08 ffffffff 00000000', '00')).toEqual([
      micros('1899-12-31T00:00:00'),
      null,
    ]);
  });

  it('of four bytes are days and minutes', () => {
    expect(decodeHex('3a', smalldatetime, '0000 0000', 'ffff 9f05')).toEqual(
      ['1900-01-01T00:00:00', '2079-06-06T23:59:00'].map(micros),
    );
    expect(decodeHex('6f 04', smalldatetime, '04 0100 0100', '00')).toEqual([
      micros('1900-01-02T00:01:00'),
      null,
    ]);
  });

  it.each([
    ['a datetime before 1753', '3d', datetime, '452effff 00000000'],
    ['a datetime after 9999', '3d', datetime, '80242d00 00000000'],
    ['a datetime of 24 hours', '3d', datetime, '00000000 00828b01'],
    ['a datetime of negative ticks', '3d', datetime, '00000000 ffffffff'],
    ['a smalldatetime of 24 hours', '3a', smalldatetime, '0000 a005'],
  ])('are refused: %s', (_, info, type, value) => {
    expect(() => decodeHex(info, type, value)).toThrow(expect.objectContaining({ code: 'WIRE_PROTOCOL' }));
  });
});
