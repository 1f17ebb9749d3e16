import { decodeHex } from '../../../../support/decode-answer';

describe('real and float', () => {
  it('keep their bits, those of -0 and of the smallest number too', () => {
    const real = { kind: 'float', bits: 32 } as const;
    expect(decodeHex('3b', real, '0000c03f', '00000080', '01000000', 'ffff7f7f')).toEqual([
      1.5,
      -0,
      2 ** -149,
      (2 - 2 ** -23) * 2 ** 127,
    ]);
    const float = { kind: 'float', bits: 64 } as const;
    expect(decodeHex('6d 08', float, '08 000000000000f8bf', '08 0000000000000080', '00')).toEqual([
      -1.5,
      -0,
      null,
    ]);
    expect(decodeHex('6d 08', float, '08 0100000000000000', '08 ffffffffffffef7f')).toEqual([
      Number.MIN_VALUE,
      Number.MAX_VALUE,
    ]);
    expect(decodeHex('6d 04', real, '04 0000c03f')).toEqual([1.5]);
  });
});
