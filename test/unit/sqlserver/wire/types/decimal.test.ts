import { decodeHex } from '../../../../support/decode-answer';

const decimal = (precision: number, scale: number) => ({ kind: 'decimal', precision, scale }) as const;
const hex = (value: number) => value.toString(16).padStart(2, '0');
const info = (precision: number, scale: number, length: number) =>
  `6a ${hex(length)} ${hex(precision)} ${hex(scale)}`;
/** 10^38 - 1 and 10^38, little-endian. */
const nines38 = 'ffffffff3f228a097ac4865aa84c3b4b';
const ten38 = '00000000 40228a097ac4865aa84c3b4b'.replace(' ', '');

describe('decimal and numeric', () => {
  it('have a sign of 1 for positive and little-endian words', () => {
    expect(decodeHex(info(9, 3, 5), decimal(9, 3), '05 01 e8030000', '05 00 e8030000', '00')).toEqual([
      1_000n,
      -1_000n,
      null,
    ]);
    expect(decodeHex('6c 05 04 00', decimal(4, 0), '05 00 0f270000')).toEqual([-9_999n]);
  });

  it('of 38 digits are exact to the last', () => {
    const type = decimal(38, 10);
    expect(decodeHex(info(38, 10, 17), type, `11 01 ${nines38}`, `11 00 ${nines38}`)).toEqual([
      10n ** 38n - 1n,
      -(10n ** 38n) + 1n,
    ]);
  });

  it('may come shorter than their type, and a zero may have a sign', () => {
    const type = decimal(38, 0);
    expect(
      decodeHex(
        info(38, 0, 17),
        type,
        '05 00 01000000',
        '09 00 0000000001000000',
        '0d 00 000000000000000001000000',
        '05 00 00000000',
      ),
    ).toEqual([-1n, -(2n ** 32n), -(2n ** 64n), 0n]);
    expect(decodeHex(info(18, 0, 9), decimal(18, 0), '05 00 ffffffff')).toEqual([-(2n ** 32n) + 1n]);
  });

  it.each([
    [
      'of more digits than a 16-bit vector holds',
      info(4, 0, 5),
      decimal(4, 0),
      '05 01 10270000',
      /more than 4 digits/,
    ],
    ['of ten digits for nine', info(9, 0, 5), decimal(9, 0), '05 01 00ca9a3b', /more than 9 digits/],
    ['whose high word is set', info(9, 0, 5), decimal(9, 0), '09 01 0000000001000000', /more than 9 digits/],
    [
      'of nineteen digits for eighteen',
      info(18, 0, 9),
      decimal(18, 0),
      '09 01 000064a7b3b6e00d',
      /more than 18/,
    ],
    ['of 10^38', info(38, 0, 17), decimal(38, 0), `11 00 ${ten38}`, /more than 38 digits/],
    [
      'of 2^127',
      info(38, 0, 17),
      decimal(38, 0),
      '11 01 00000000000000000000000000000080',
      /more than 38 digits/,
    ],
    ['with another sign', info(9, 0, 5), decimal(9, 0), '05 02 00000000', /the sign 2/],
    ['of 6 bytes', info(9, 0, 5), decimal(9, 0), '06 01 0000000000', /a decimal of 6 bytes/],
  ])('are refused %s', (_, typeInfo, type, value, message) => {
    expect(() => decodeHex(typeInfo, type, value)).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL', message: expect.stringMatching(message) }),
    );
  });
});
