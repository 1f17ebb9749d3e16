import type { CodePage } from './code-pages.js';

/**
 * Code pages of the languages that Windows collations are named after (the low 16 bits of their LCID; the rest tells
 * sort orders of one language apart). The languages that SQL Server gives no code page (Hindi, Maltese, …), whose
 * columns are nvarchar or UTF-8 only, are left out.
 * @see https://learn.microsoft.com/sql/t-sql/statements/windows-collation-name-transact-sql
 * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-lcid
 */
const languagesOfCodePage: Partial<Record<CodePage, readonly number[]>> = {
  cp874: [0x041e],
  cp932: [0x0411],
  cp936: [0x0804, 0x1004],
  cp949: [0x0412],
  cp950: [0x0404, 0x0c04, 0x1404],
  cp1250: [
    0x0405, 0x040e, 0x0415, 0x0418, 0x041a, 0x041b, 0x041c, 0x0424, 0x0442, 0x081a, 0x101a, 0x141a, 0x181a,
  ],
  cp1251: [
    0x0402, 0x0419, 0x0422, 0x0423, 0x0428, 0x042f, 0x043f, 0x0440, 0x0444, 0x0450, 0x046d, 0x0485, 0x082c,
    0x0843, 0x0850, 0x0c1a, 0x1c1a, 0x201a,
  ],
  cp1252: [
    0x0403, 0x0406, 0x0407, 0x0409, 0x040a, 0x040b, 0x040c, 0x040f, 0x0410, 0x0413, 0x0414, 0x0416, 0x0417,
    0x041d, 0x0421, 0x042b, 0x042d, 0x042e, 0x0432, 0x0434, 0x0435, 0x0436, 0x0437, 0x0438, 0x043b, 0x043e,
    0x0441, 0x0452, 0x0456, 0x045d, 0x045e, 0x0462, 0x0464, 0x0468, 0x046a, 0x046b, 0x046c, 0x046e, 0x046f,
    0x0470, 0x0478, 0x047a, 0x047c, 0x047e, 0x0482, 0x0483, 0x0484, 0x0486, 0x0487, 0x0488, 0x0807, 0x0809,
    0x080a, 0x080c, 0x0810, 0x0813, 0x0814, 0x0816, 0x081d, 0x082e, 0x083b, 0x083c, 0x083e, 0x085d, 0x085f,
    0x086b, 0x0c07, 0x0c09, 0x0c0a, 0x0c0c, 0x0c3b, 0x0c6b, 0x1007, 0x1009, 0x100a, 0x100c, 0x103b, 0x1407,
    0x1409, 0x140a, 0x140c, 0x143b, 0x1809, 0x180a, 0x180c, 0x183b, 0x1c09, 0x1c0a, 0x1c3b, 0x2009, 0x200a,
    0x203b, 0x2409, 0x240a, 0x243b, 0x2809, 0x280a, 0x2c09, 0x2c0a, 0x3009, 0x300a, 0x3409, 0x340a, 0x380a,
    0x3c0a, 0x4009, 0x400a, 0x4409, 0x440a, 0x4809, 0x480a, 0x4c0a, 0x500a, 0x540a,
  ],
  cp1253: [0x0408],
  cp1254: [0x041f, 0x042c, 0x0443],
  cp1255: [0x040d],
  cp1256: [
    0x0401, 0x0420, 0x0429, 0x0480, 0x048c, 0x0801, 0x0c01, 0x1001, 0x1401, 0x1801, 0x1c01, 0x2001, 0x2401,
    0x2801, 0x2c01, 0x3001, 0x3401, 0x3801, 0x3c01, 0x4001,
  ],
  cp1257: [0x0425, 0x0426, 0x0427, 0x0827],
  cp1258: [0x042a],
};

/**
 * Code pages of the sort ids of SQL collations (`SQL_…`), as ranges [first, last].
 * @see https://learn.microsoft.com/previous-versions/sql/sql-server-2008-r2/ms144250(v=sql.105)
 */
const sortIdsOfCodePage: Partial<Record<CodePage, readonly (readonly [first: number, last: number])[]>> = {
  cp437: [[30, 35]],
  cp850: [
    [40, 45],
    [49, 49],
    [55, 61],
  ],
  cp874: [[204, 206]],
  cp932: [
    [192, 193],
    [200, 200],
  ],
  cp936: [
    [198, 199],
    [203, 203],
  ],
  cp949: [
    [194, 195],
    [201, 201],
  ],
  cp950: [
    [196, 197],
    [202, 202],
  ],
  cp1250: [[80, 98]],
  cp1251: [[104, 108]],
  cp1252: [
    [50, 54],
    [71, 75],
    [183, 186],
    [210, 217],
  ],
  cp1253: [
    [112, 114],
    [120, 122],
    [124, 124],
  ],
  cp1254: [[128, 130]],
  cp1255: [[136, 138]],
  cp1256: [[144, 146]],
  cp1257: [[152, 160]],
};

const codePageOfLanguage = new Map<number, CodePage>();
for (const [codePage, languages] of Object.entries(languagesOfCodePage))
  for (const language of languages) codePageOfLanguage.set(language, codePage as CodePage);

const codePageOfSortId = new Map<number, CodePage>();
for (const [codePage, ranges] of Object.entries(sortIdsOfCodePage))
  for (const [first, last] of ranges)
    for (let sortId = first; sortId <= last; sortId++) codePageOfSortId.set(sortId, codePage as CodePage);

/** fUTF8 of ColFlags, which begin behind the 20 bits of the LCID. */
const utf8Flag = 1 << 26;

/**
 * The encoding of the char and varchar values of a collation's five bytes (MS-TDS 2.2.5.1.2): its UTF-8 flag comes
 * first, then its sort id if it has one, then its language; undefined for a collation that is none of these.
 */
export function encodingOf(collation: Buffer): CodePage | 'utf8' | undefined {
  const info = collation.readUInt32LE(0);
  if ((info & utf8Flag) !== 0) return 'utf8';
  const sortId = collation.readUInt8(4);
  return sortId === 0 ? codePageOfLanguage.get(info & 0xffff) : codePageOfSortId.get(sortId);
}
