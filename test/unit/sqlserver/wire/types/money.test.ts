import { decodeHex } from '../../../../support/decode-answer';

describe('money and smallmoney', () => {
  it('are ten-thousandths; those of money have their high word first', () => {
    const money = { kind: 'decimal', precision: 19, scale: 4 } as const;
    expect(
      decodeHex(
        '3c',
        money,
        'ffffff7f ffffffff',
        '00000080 00000000',
        'ffffffff ffffffff',
        '01000000 00000000',
      ),
    ).toEqual([9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, -1n, 4_294_967_296n]);
    expect(decodeHex('6e 08', money, '08 00000000 10270000', '00')).toEqual([10_000n, null]);
  });

  it('of four bytes are one word', () => {
    const smallmoney = { kind: 'decimal', precision: 10, scale: 4 } as const;
    expect(decodeHex('7a', smallmoney, 'ffffff7f', '00000080', 'ffffffff')).toEqual([
      2_147_483_647n,
      -2_147_483_648n,
      -1n,
    ]);
    expect(decodeHex('6e 04', smallmoney, '04 10270000', '00')).toEqual([10_000n, null]);
  });
});
