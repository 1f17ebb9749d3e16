import { decode } from 'iconv-lite';

const doubleByte = ['cp932', 'cp936', 'cp949', 'cp950'] as const;
const singleByte = [
  'cp437',
  'cp850',
  'cp874',
  'cp1250',
  'cp1251',
  'cp1252',
  'cp1253',
  'cp1254',
  'cp1255',
  'cp1256',
  'cp1257',
  'cp1258',
] as const;

/** The code pages of SQL Server's collations; bytes below 0x80 are ASCII in all of them. */
export type CodePage = (typeof doubleByte)[number] | (typeof singleByte)[number];

export const codePages: readonly CodePage[] = [...singleByte, ...doubleByte];

/**
 * UTF-8 of a code page's characters beyond ASCII, two or three bytes packed into a number, the first one lowest; 0 for
 * bytes that the code page does not define.
 */
export interface CodePageTable {
  /** By byte; `leadByte` for the first byte of a pair. */
  readonly singles: Int32Array;
  /** By `first byte << 8 | second byte`; empty for a single-byte code page. */
  readonly pairs: Int32Array;
}

/** No UTF-8 begins with 0xff. */
export const leadByte = -1;

const tables = new Map<CodePage, CodePageTable>();

/** The table of a code page; built at its first use, in some milliseconds. */
export function codePageTable(codePage: CodePage): CodePageTable {
  let table = tables.get(codePage);
  if (table === undefined) {
    table = buildTable(codePage);
    tables.set(codePage, table);
  }
  return table;
}

function buildTable(codePage: CodePage): CodePageTable {
  const singles = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) singles[byte] = packed(decode(Buffer.of(byte), codePage));
  if (!(doubleByte as readonly CodePage[]).includes(codePage)) return { singles, pairs: new Int32Array(0) };
  const pairs = new Int32Array(65_536);
  for (let first = 0x80; first < 256; first++) {
    if (singles[first] !== 0) continue;
    for (const [second, text] of seconds(first, codePage)) {
      const utf8 = packed(text);
      if (utf8 === 0) continue;
      pairs[(first << 8) | second] = utf8;
      singles[first] = leadByte;
    }
  }
  return { singles, pairs };
}

/** Second bytes begin at 0x40 in all these code pages, so that a line feed keeps the pairs apart. */
function seconds(first: number, codePage: CodePage): (readonly [second: number, text: string])[] {
  const bytes = Array.from({ length: 256 - 0x40 }, (_, index) => index + 0x40);
  const lines = decode(Buffer.from(bytes.flatMap((second) => [first, second, 0x0a])), codePage).split('\n');
  return bytes.map((second, index) => [second, lines[index] as string]);
}

/** 0 unless the text is one character, and not the replacement for what is undefined. */
function packed(text: string): number {
  if ([...text].length !== 1 || text === '\ufffd') return 0;
  return Buffer.from(text, 'utf8').reduceRight((rest, byte) => (rest << 8) | byte, 0);
}
