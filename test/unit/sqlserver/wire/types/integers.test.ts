import { decodeHex } from '../../../../support/decode-answer';

const int = (bits: 8 | 16 | 32 | 64) => ({ kind: 'int', bits }) as const;

describe('bits and integers', () => {
  it('come bare where they cannot be NULL', () => {
    expect(decodeHex('32', { kind: 'bool' }, '00', '01')).toEqual([false, true]);
    expect(decodeHex('30', int(8), '00', 'ff')).toEqual([0, 255]);
    expect(decodeHex('34', int(16), '0080', 'ff7f', 'ffff')).toEqual([-32_768, 32_767, -1]);
    expect(decodeHex('38', int(32), '00000080', 'ffffff7f')).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect(decodeHex('7f', int(64), '0000000000000080', 'ffffffffffffff7f', 'feffffffffffffff')).toEqual([
      -(2n ** 63n),
      2n ** 63n - 1n,
      -2n,
    ]);
  });

  it('come behind their length where they can, which is 0 for NULL', () => {
    expect(decodeHex('68 01', { kind: 'bool' }, '0101', '00', '0100')).toEqual([true, null, false]);
    expect(decodeHex('26 01', int(8), '0180', '00')).toEqual([128, null]);
    expect(decodeHex('26 02', int(16), '02feff', '00')).toEqual([-2, null]);
    expect(decodeHex('26 04', int(32), '0401020304', '00')).toEqual([0x04030201, null]);
    expect(decodeHex('26 08', int(64), '080102030405060708', '00')).toEqual([0x0807060504030201n, null]);
  });

  it.each([
    [
      'an int of 2 bytes',
      '26 04',
      int(32),
      '020102',
      /type 0x26\), byte \d+ of the answer: a value of 2 bytes/,
    ],
    ['a bit of 2', '68 01', { kind: 'bool' } as const, '0102', /a bit of 2/],
  ])('are refused: %s', (_, info, type, value, message) => {
    expect(() => decodeHex(info, type, value)).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL', message: expect.stringMatching(message) }),
    );
  });
});
