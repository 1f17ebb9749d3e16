import { decode } from 'iconv-lite';
import { codePages, codePageTable, leadByte } from '../../../../engine/sqlserver/wire/code-pages';

/** Text of packed UTF-8; undefined for none. */
function text(packed: number): string | undefined {
  if (packed === 0) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(packed);
  return bytes.toString('utf8').replace(/\0+$/, '');
}

/** One character, or undefined. */
function character(bytes: Buffer, codePage: string): string | undefined {
  const decoded = decode(bytes, codePage);
  return [...decoded].length === 1 && decoded !== '\ufffd' ? decoded : undefined;
}

describe.each(codePages)('the table of %s', (codePage) => {
  const { singles, pairs } = codePageTable(codePage);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);

  it('has each single byte, and none that the code page does not define', () => {
    for (const byte of bytes.slice(1)) {
      if (singles[byte] !== leadByte)
        expect([byte, text(singles[byte] as number)]).toEqual([byte, character(Buffer.of(byte), codePage)]);
    }
  });

  it('has ASCII below 0x80', () => {
    for (const byte of bytes.slice(1, 0x80)) expect(singles[byte]).toBe(byte);
  });

  it('has each pair of bytes, none beyond three bytes of UTF-8', () => {
    const wrong = bytes
      .filter((first) => singles[first] === leadByte)
      .flatMap((first) => bytes.map((second) => [first, second] as const))
      .filter(([first, second]) => {
        const expected = character(Buffer.of(first, second), codePage);
        const found = text(pairs[(first << 8) | second] as number);
        return found !== expected || (found !== undefined && Buffer.byteLength(found) > 3);
      });
    expect(wrong).toEqual([]);
  });
});

describe('the tables of code pages', () => {
  it.each([
    ['cp1252', 0x80, '€'],
    ['cp437', 0xe1, 'ß'],
    ['cp850', 0x9b, 'ø'],
    ['cp874', 0xa1, 'ก'],
    ['cp1255', 0xe0, 'א'],
    ['cp932', 0xb1, 'ｱ'],
  ] as const)('%s has 0x%s as %s', (codePage, byte, expected) => {
    expect(text(codePageTable(codePage).singles[byte] as number)).toBe(expected);
  });

  it.each([
    ['cp932', 0x835c, 'ソ'],
    ['cp932', 0x8160, '～'],
    ['cp936', 0xd6d0, '中'],
    ['cp949', 0xc7d1, '한'],
    ['cp950', 0xa440, '一'],
  ] as const)('%s has %s as %s', (codePage, pair, expected) => {
    expect(text(codePageTable(codePage).pairs[pair] as number)).toBe(expected);
  });

  it('have nothing for what Microsoft leaves undefined', () => {
    for (const byte of [0x81, 0x8d, 0x8f, 0x90, 0x9d]) expect(codePageTable('cp1252').singles[byte]).toBe(0);
  });
});
