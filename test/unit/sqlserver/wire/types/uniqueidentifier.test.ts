import { decodeHex } from '../../../../support/decode-answer';

describe('uniqueidentifier', () => {
  it('has its first three groups in little-endian order', () => {
    expect(decodeHex('24 10', { kind: 'uuid' }, '10 33221100 5544 7766 8899 aabbccddeeff', '00')).toEqual([
      '00112233-4455-6677-8899-aabbccddeeff',
      null,
    ]);
  });
});
