import { SqlServerError } from './engine/types.js';

/**
 * Collations of Windows by the first part of their names: LCID and code page (docs: "Windows Collation Name",
 * "Collation and Unicode support"; LCIDs and code pages by [MS-LCID] and [MS-UCODEREF]). One for each code page that
 * SQL Server has, and no more: any other name is an error, never a guess.
 */
const families: Readonly<Record<string, readonly [lcid: number, codePage: CodePage]>> = {
  latin1_general: [0x0409, 'cp1252'],
  polish: [0x0415, 'cp1250'],
  cyrillic_general: [0x0419, 'cp1251'],
  greek: [0x0408, 'cp1253'],
  turkish: [0x041f, 'cp1254'],
  hebrew: [0x040d, 'cp1255'],
  arabic: [0x0401, 'cp1256'],
  lithuanian: [0x0427, 'cp1257'],
  vietnamese: [0x042a, 'cp1258'],
  thai: [0x041e, 'cp874'],
  japanese: [0x0411, 'cp932'],
  chinese_prc: [0x0804, 'cp936'],
  korean_wansung: [0x0412, 'cp949'],
  chinese_taiwan_stroke: [0x0404, 'cp950'],
};

/** SQL collations: sort id and code page (docs: "SQL Server Collation Name"); all have the LCID of Latin1-General. */
const sqlCollations: Readonly<Record<string, readonly [sortId: number, codePage: CodePage]>> = {
  SQL_Latin1_General_CP1_CI_AS: [52, 'cp1252'],
  SQL_Latin1_General_CP437_CI_AS: [32, 'cp437'],
  SQL_Latin1_General_CP850_CI_AS: [42, 'cp850'],
  SQL_Latin1_General_CP1251_CI_AS: [106, 'cp1251'],
};

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
const doubleByte = ['cp932', 'cp936', 'cp949', 'cp950'] as const;

export type CodePage = 'utf8' | (typeof singleByte)[number] | (typeof doubleByte)[number];

export const isDoubleByte = (codePage: CodePage): boolean =>
  (doubleByte as readonly string[]).includes(codePage);

/** What a collation's name says. */
export interface Collation {
  readonly name: string;
  readonly lcid: number;
  /** 0 for the first ones, 1 for _90, 2 for _100, as the wire has it. */
  readonly version: number;
  /** 0 for a collation of Windows. */
  readonly sortId: number;
  readonly codePage: CodePage;
  readonly binary: 'BIN' | 'BIN2' | undefined;
  readonly caseSensitive: boolean;
  readonly accentSensitive: boolean;
  readonly kanaSensitive: boolean;
  readonly widthSensitive: boolean;
}

export const defaultCollation = 'SQL_Latin1_General_CP1_CI_AS';

const windowsName = /^(\w+?)(_90|_100)?_(?:(BIN2?)|C([IS])_A([IS])(_KS)?(_WS)?(?:_SC)?)(_UTF8)?$/i;
const versions: Readonly<Record<string, number>> = { _90: 1, _100: 2 };
const known = new Map<string, Collation>();

/** The collation of a name. Throws Msg 448 for one that is not offered: a guessed code page would corrupt text. */
export function collationNamed(name: string): Collation {
  let collation = known.get(name);
  if (collation === undefined) {
    collation = sqlCollation(name) ?? windowsCollation(name);
    known.set(name, collation);
  }
  return collation;
}

/** The SQL collation of a sort id, or the name of the family with an LCID: what the wire tells of a collation. */
export function nameOfSortId(sortId: number): string | undefined {
  return Object.keys(sqlCollations).find((name) => sqlCollations[name]?.[0] === sortId);
}

export function familyOfLcid(lcid: number): string | undefined {
  const family = Object.keys(families).find((name) => families[name]?.[0] === lcid);
  return family?.replace(/(^|_)[a-z]/g, (letter) => letter.toUpperCase()).replace('_Prc', '_PRC');
}

function sqlCollation(name: string): Collation | undefined {
  const found = Object.entries(sqlCollations).find(([own]) => own.toLowerCase() === name.toLowerCase());
  if (found === undefined) return undefined;
  const [own, [sortId, codePage]] = found;
  return {
    name: own,
    lcid: 0x0409,
    version: 0,
    sortId,
    codePage,
    binary: undefined,
    caseSensitive: false,
    accentSensitive: true,
    kanaSensitive: false,
    widthSensitive: false,
  };
}

function windowsCollation(name: string): Collation {
  const [, family = '', version, binary, case_, accent, kana, width, utf8] = windowsName.exec(name) ?? [];
  const [lcid, codePage] = families[family.toLowerCase()] ?? [];
  // The UTF-8 ones came with version 100 (docs: "Collation and Unicode support", UTF-8 support).
  if (
    lcid === undefined ||
    codePage === undefined ||
    (utf8 !== undefined && version?.toUpperCase() !== '_100')
  )
    throw new SqlServerError(448, `Invalid collation '${name}'.`);
  return {
    name,
    lcid,
    version: versions[version?.toLowerCase() ?? ''] ?? 0,
    sortId: 0,
    codePage: utf8 === undefined ? codePage : 'utf8',
    binary: binary?.toUpperCase() as 'BIN' | 'BIN2' | undefined,
    caseSensitive: binary !== undefined || case_?.toUpperCase() === 'S',
    accentSensitive: binary !== undefined || accent?.toUpperCase() === 'S',
    kanaSensitive: kana !== undefined,
    widthSensitive: width !== undefined,
  };
}
