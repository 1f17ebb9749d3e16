import fc from 'fast-check';
import { decode, encode, encodingExists } from 'iconv-lite';
import { wireTypes } from '../../../../../engine/sqlserver/wire/cell-decoder';
import { type CodePage, codePages } from '../../../../../engine/sqlserver/wire/code-pages';
import { charDecoder } from '../../../../../engine/sqlserver/wire/types/char';
import {
  anyCharacter,
  cellOptions,
  decodeValues,
  latin1Collation,
  plpNull,
  plpValue,
  shortValue,
  utf8Collation,
  windowsCollation,
  wireColumn,
} from '../../../../support/wire-values';

const languageOf: Record<CodePage, number> = {
  cp437: 0,
  cp850: 0,
  cp874: 0x041e,
  cp932: 0x0411,
  cp936: 0x0804,
  cp949: 0x0412,
  cp950: 0x0404,
  cp1250: 0x0405,
  cp1251: 0x0419,
  cp1252: 0x0409,
  cp1253: 0x0408,
  cp1254: 0x041f,
  cp1255: 0x040d,
  cp1256: 0x0401,
  cp1257: 0x0427,
  cp1258: 0x042a,
};
const sortIds: Partial<Record<CodePage, number>> = { cp437: 30, cp850: 40 };
const collationOf = (codePage: CodePage) =>
  sortIds[codePage] === undefined
    ? windowsCollation(languageOf[codePage])
    : Buffer.from([0x09, 0x04, 0xd0, 0x00, sortIds[codePage]]);

const varchar = (collation: Buffer) => wireColumn(wireTypes.varchar, { collation });
const nvarchar = wireColumn(wireTypes.nvarchar, { collation: latin1Collation });
const max = { length: Number.POSITIVE_INFINITY };
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

/** Well-formed text with characters of every length in UTF-8; long ones too. */
const texts = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', 'é', 'Ж', '€', '中', '😀'), maxLength: 600 }),
);

describe('char and varchar', () => {
  it('are read as MS-TDS 2.2.5.4.3 has them: two bytes of length, 0xFFFF for NULL', () => {
    const bytes = Buffer.from([0x03, 0x00, 0x61, 0xe9, 0x80, 0xff, 0xff, 0x00, 0x00, 0x01, 0x00, 0x20]);
    expect(decodeValues(charDecoder, varchar(latin1Collation), bytes)).toEqual([
      Buffer.from('aé€'),
      null,
      Buffer.alloc(0),
      Buffer.from(' '),
    ]);
  });

  it.each(codePages)('give the text that iconv-lite encoded in %s', (codePage) => {
    expect(encodingExists(codePage)).toBe(true);
    const defined = fc
      .string({ unit: anyCharacter, maxLength: 50 })
      .map((text) => [...text].filter((letter) => encodesTo(letter, codePage)).join(''));
    const native = fc.string({ unit: fc.constantFrom(...charactersOf(codePage)), maxLength: 400 });
    fc.assert(
      fc.property(fc.oneof(defined, native), (text) => {
        const found = decodeValues(
          charDecoder,
          varchar(collationOf(codePage)),
          shortValue(encode(text, codePage)),
        );
        expect(found).toEqual([Buffer.from(text)]);
      }),
      { numRuns: 30 },
    );
  });

  it.each([0, 1, 63, 64, 65, 8000])('of %s bytes arrive whole in every encoding', (length) => {
    const ascii = Buffer.from('0123456789abcdef'.repeat(500)).subarray(0, length);
    for (const collation of [utf8Collation, ...codePages.map(collationOf)])
      expect(decodeValues(charDecoder, varchar(collation), shortValue(ascii))[0]?.equals(ascii)).toBe(true);
  });

  it('of a double-byte code page take second bytes that look like ASCII', () => {
    const column = varchar(collationOf('cp932'));
    expect(decodeValues(charDecoder, column, shortValue(Buffer.from([0x83, 0x5c, 0x5c])))).toEqual([
      Buffer.from('ソ\\'),
    ]);
  });

  it.each([
    ['a byte that the code page leaves undefined', 'cp1252', [0x61, 0x81, 0x62], 'a\ufffdb'],
    ['a first byte at the end', 'cp932', [0x61, 0x83], 'a\ufffd'],
    ['a first byte before ASCII that is no second byte', 'cp932', [0x83, 0x20, 0x61], '\ufffd a'],
    ['an undefined pair', 'cp949', [0xc9, 0xa1], '\ufffd\ufffd'],
  ] as const)('with %s fail, or are replaced and counted, or stay bytes', (_, codePage, value, replaced) => {
    const column = varchar(collationOf(codePage));
    const bytes = shortValue(Buffer.from(value));
    const position = { rowsBefore: 41, bytesBefore: 0 };
    expect(() => decodeValues(charDecoder, column, bytes, { options: cellOptions({ position }) })).toThrow(
      expect.objectContaining({
        code: 'VALUE_UNREPRESENTABLE',
        message: expect.stringContaining('Column c, row 42'),
      }),
    );
    const options = cellOptions({ invalidText: 'replace' });
    expect(decodeValues(charDecoder, column, bytes, { options })).toEqual([Buffer.from(replaced)]);
    expect(options.counts.replaced).toBe(1);
    const asBytes = cellOptions({ invalidText: 'bytes' });
    expect(decodeValues(charDecoder, column, bytes, { options: asBytes })).toEqual([Buffer.from(value)]);
    expect(asBytes.counts.replaced).toBe(0);
  });

  it.each([1, 100])(
    'of a UTF-8 collation that are not UTF-8 fail, or are replaced and counted (x %s)',
    (times) => {
      const bytes = shortValue(Buffer.from('a\u00e9'.repeat(times), 'latin1'));
      expect(() => decodeValues(charDecoder, varchar(utf8Collation), bytes)).toThrow('not valid UTF-8');
      const options = cellOptions({ invalidText: 'replace' });
      expect(decodeValues(charDecoder, varchar(utf8Collation), bytes, { options })).toEqual([
        Buffer.from('a\ufffd'.repeat(times)),
      ]);
      expect(options.counts.replaced).toBe(1);
    },
  );

  it('of an unknown collation are refused, naming column and collation', () => {
    expect(() => decodeValues(charDecoder, varchar(Buffer.from([1, 2, 3, 0, 0])), Buffer.alloc(0))).toThrow(
      expect.objectContaining({
        code: 'SOURCE_TYPE',
        message: expect.stringMatching(/Column c .*0102030000/),
      }),
    );
  });

  it('longer than declared are refused before their bytes are waited for', () => {
    const column = { ...varchar(latin1Collation), length: 3 };
    expect(() => decodeValues(charDecoder, column, Buffer.from([4, 0]))).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL' }),
    );
  });
});

describe('nchar and nvarchar', () => {
  it('give all of Unicode, short and long', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(decodeValues(charDecoder, nvarchar, shortValue(utf16(text)))).toEqual([Buffer.from(text)]);
      }),
    );
  });

  it.each([0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x1_0000, 0x10_ffff])(
    'give code point %s, alone and at length',
    (codePoint) => {
      for (const times of [1, 100]) {
        const text = String.fromCodePoint(codePoint).repeat(times);
        expect(decodeValues(charDecoder, nvarchar, shortValue(utf16(text)))).toEqual([Buffer.from(text)]);
      }
    },
  );

  it.each([95, 96, 97, 32_767, 32_768, 32_769, 200_000])(
    'keep surrogate pairs where %s units before them end a piece of work',
    (units) => {
      const text = `${'a'.repeat(units)}😀${'b'.repeat(units)}😀`;
      const column = { ...nvarchar, ...max };
      const [found] = decodeValues(charDecoder, column, plpValue(utf16(text)));
      expect(found?.equals(Buffer.from(text))).toBe(true);
    },
  );

  it.each([
    ['a high surrogate at the end', 'a\ud83d'],
    ['a high surrogate before another character', '\ud83da'],
    ['a low surrogate first', '\ude00a'],
    ['two high surrogates and a low one', '\ud83d\ud83d\ude00'],
  ])('with %s fail, or are replaced and counted, or stay bytes; short and long', (_, part) => {
    for (const text of [part, part.padEnd(300, 'é')]) {
      const bytes = shortValue(utf16(text));
      expect(() => decodeValues(charDecoder, nvarchar, bytes)).toThrow(
        expect.objectContaining({ code: 'VALUE_UNREPRESENTABLE' }),
      );
      const options = cellOptions({ invalidText: 'replace' });
      // `TextDecoder` puts U+FFFD for each of them, by the Encoding Standard.
      const expected = new TextDecoder('utf-16le').decode(utf16(text));
      expect(decodeValues(charDecoder, nvarchar, bytes, { options })).toEqual([Buffer.from(expected)]);
      expect(options.counts.replaced).toBe(1);
      expect(
        decodeValues(charDecoder, nvarchar, bytes, { options: cellOptions({ invalidText: 'bytes' }) }),
      ).toEqual([utf16(text)]);
    }
  });

  it('of an odd number of bytes are refused', () => {
    expect(() => decodeValues(charDecoder, nvarchar, shortValue(Buffer.alloc(3)))).toThrow(
      expect.objectContaining({ code: 'WIRE_PROTOCOL' }),
    );
  });

  it('need no collation', () => {
    const column = { ...nvarchar, collation: Buffer.alloc(5) };
    expect(decodeValues(charDecoder, column, shortValue(utf16('Ж')))).toEqual([Buffer.from('Ж')]);
  });
});

describe('varchar(max) and nvarchar(max)', () => {
  it('join chunks that cut characters and surrogate pairs, of any size, their length told or not', () => {
    const value = fc.tuple(texts, fc.integer({ min: 1, max: 9 }), fc.boolean());
    fc.assert(
      fc.property(value, value, fc.integer({ min: 1, max: 50 }), (wide, narrow, packet) => {
        const [wideText, wideChunk, wideKnown] = wide;
        const wides = Buffer.concat([plpNull, plpValue(utf16(wideText), wideChunk, wideKnown), plpNull]);
        expect(decodeValues(charDecoder, { ...nvarchar, ...max }, wides, { packet })).toEqual([
          null,
          Buffer.from(wideText),
          null,
        ]);
        const [text, chunk, known] = narrow;
        const utf8s = plpValue(Buffer.from(text), chunk, known);
        expect(decodeValues(charDecoder, { ...varchar(utf8Collation), ...max }, utf8s, { packet })).toEqual([
          Buffer.from(text),
        ]);
      }),
    );
  });

  it('are limited as UTF-8 too, which may be three times as long', () => {
    const options = cellOptions({ maxValueBytes: 200_000 });
    const euros = plpValue(Buffer.alloc(150_000, 0x80));
    expect(() =>
      decodeValues(charDecoder, { ...varchar(latin1Collation), ...max }, euros, { options }),
    ).toThrow(
      expect.objectContaining({
        code: 'VALUE_UNREPRESENTABLE',
        message: expect.stringContaining('more than 200000 bytes'),
      }),
    );
    const wide = plpValue(utf16('中'.repeat(90_000)));
    expect(() => decodeValues(charDecoder, { ...nvarchar, ...max }, wide, { options })).toThrow('200000');
  });
});

function encodesTo(character: string, codePage: CodePage): boolean {
  return character !== '\ufffd' && decode(encode(character, codePage), codePage) === character;
}

/** Letters at home in a code page. */
function charactersOf(codePage: CodePage): string[] {
  const letters = 'aZ€éßøąčŽЖЯαΩğşשלوبกขあソ漢ｱ中国一한글ăđ';
  return [...letters].filter((letter) => encodesTo(letter, codePage));
}
