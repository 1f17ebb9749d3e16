import { encodingOf } from '../../../../engine/sqlserver/wire/collations';
import { latin1Collation, utf8Collation, windowsCollation } from '../../../support/wire-values';

/** What another client of the protocol holds to be true. */
const tedious: {
  readonly codepageByLanguageId: Readonly<Record<string, string>>;
  readonly codepageBySortId: Readonly<Record<string, string>>;
} = require('tedious/lib/collation');

const sortIdCollation = (sortId: number) => Buffer.from([0x09, 0x04, 0xd0, 0x00, sortId]);

describe('the encoding of a collation', () => {
  it.each(Object.entries(tedious.codepageByLanguageId))('of language %s is %s', (language, codePage) => {
    expect(encodingOf(windowsCollation(Number(language)))).toBe(codePage.toLowerCase());
  });

  it.each(Object.entries(tedious.codepageBySortId))('of sort id %s is %s', (sortId, codePage) => {
    expect(encodingOf(sortIdCollation(Number(sortId)))).toBe(codePage.toLowerCase());
  });

  it('is that of its sort id before that of its language', () => {
    // SQL_Latin1_General_CP1251_CI_AS: Cyrillic, though its language is English.
    expect(encodingOf(Buffer.from([0x09, 0x04, 0xd0, 0x00, 106]))).toBe('cp1251');
    expect(encodingOf(latin1Collation)).toBe('cp1252');
  });

  it('is UTF-8 by its flag, whatever language and sort id', () => {
    expect(encodingOf(utf8Collation)).toBe('utf8');
    expect(encodingOf(Buffer.from([0x11, 0x04, 0x00, 0x04, 0xc0]))).toBe('utf8');
  });

  it('heeds the language only, not the other sort orders of one', () => {
    // Chinese_PRC_Stroke, Japanese_Unicode, German_PhoneBook.
    expect(encodingOf(Buffer.from([0x04, 0x08, 0x02, 0x00, 0]))).toBe('cp936');
    expect(encodingOf(Buffer.from([0x11, 0x04, 0x01, 0x00, 0]))).toBe('cp932');
    expect(encodingOf(Buffer.from([0x07, 0x04, 0xd1, 0x20, 0]))).toBe('cp1252');
  });

  it('is not known for the raw collation, Unicode-only languages, unused languages and sort ids', () => {
    expect(encodingOf(Buffer.alloc(5))).toBeUndefined();
    expect(encodingOf(windowsCollation(0x0439))).toBeUndefined();
    expect(encodingOf(windowsCollation(0x7fff))).toBeUndefined();
    expect(encodingOf(sortIdCollation(255))).toBeUndefined();
  });
});
