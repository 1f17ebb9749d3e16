import { collationByBytes, collationByName } from '../../../../sandbox/sqlserver/tds/collation';

describe('collations', () => {
  it.each([
    ['SQL_Latin1_General_CP1_CI_AS', '0904d00034', 'cp1252'],
    ['Latin1_General_CI_AS', '0904d00000', 'cp1252'],
    ['Latin1_General_BIN2', '0904000200', 'cp1252'],
    ['Latin1_General_100_BIN2_UTF8', '0904002600', 'utf8'],
    ['Latin1_General_100_CI_AS_SC_UTF8', '0904d02400', 'utf8'],
    ['Cyrillic_General_CI_AS', '1904d00000', 'cp1251'],
    ['Japanese_90_CS_AS_KS', '1104801000', 'cp932'],
    ['Chinese_PRC_BIN2', '0408000200', 'cp936'],
    ['SQL_Latin1_General_CP1251_CI_AS', '0904d0006a', 'cp1251'],
    ['Turkish_100_CI_AI', '1f04f02000', 'cp1254'],
  ])('%s is %s on the wire, and back', (name, hex, codePage) => {
    const collation = collationByName(name);
    expect(collation.bytes.toString('hex')).toBe(hex);
    expect(collation.codePage).toBe(codePage);
    expect(collationByBytes(Buffer.from(hex, 'hex')).name).toBe(name);
  });

  it('takes five zero bytes, which clients send for Unicode text, as the default', () => {
    expect(collationByBytes(Buffer.alloc(5)).name).toBe('SQL_Latin1_General_CP1_CI_AS');
  });

  it('refuses one it does not know rather than guess a code page', () => {
    expect(() => collationByName('Icelandic_CI_AS')).toThrow("Invalid collation 'Icelandic_CI_AS'.");
    expect(() => collationByName('Cyrillic_General_CI_AS_UTF8')).toThrow('Invalid collation');
    expect(() => collationByBytes(Buffer.from('0f04d00000', 'hex'))).toThrow('Invalid collation');
    expect(() => collationByBytes(Buffer.from('0904d000c8', 'hex'))).toThrow('Invalid collation');
  });
});
