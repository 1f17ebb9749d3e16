import { SqlServerError } from '../engine/types.js';

/** A collation as the wire carries it (MS-TDS 2.2.5.1.2 Collation rule Definition). */
export interface Collation {
  readonly name: string;
  /** LCID, flags and version, sort id: five bytes. */
  readonly bytes: Buffer;
  readonly codePage: 'utf8' | 'cp1252';
}

const flag = {
  ignoreCase: 1,
  ignoreAccent: 2,
  ignoreKana: 4,
  ignoreWidth: 8,
  binary: 16,
  binary2: 32,
  utf8: 64,
};
const latin1 = 0x0409;
/** Sort order 52 of the SQL collations: dictionary order, case-insensitive, code page 1252. */
const sqlLatin1Name = 'SQL_Latin1_General_CP1_CI_AS';
const windowsName = /^Latin1_General(_100)?_(?:(BIN2?)|C([IS])_A([IS])(_KS)?(_WS)?(?:_SC)?)(_UTF8)?$/i;

const known = new Map<string, Collation>();

/**
 * The collation of a name: SQL_Latin1_General_CP1_CI_AS and the Latin1_General family. Throws Msg 448 for any
 * other: a guessed code page would corrupt text in silence.
 */
export function collationByName(name: string): Collation {
  let collation = known.get(name);
  if (collation === undefined) {
    collation = encode(name);
    known.set(name, collation);
  }
  return collation;
}

/** The collation of a parameter's five bytes; all zero means the server's default. Throws Msg 448 otherwise. */
export function collationByBytes(bytes: Buffer): Collation {
  if (bytes.every((byte) => byte === 0)) {
    return defaultCollation;
  }
  const sortId = bytes.readUInt8(4);
  if (sortId === 52) {
    return defaultCollation;
  }
  const info = bytes.readUInt32LE(0);
  if (sortId !== 0 || (info & 0xfffff) !== latin1) {
    throw new SqlServerError(448, 'Invalid collation in a parameter: only Latin1 collations are known here.');
  }
  return collationByName(nameOf((info >>> 20) & 0xff, info >>> 28));
}

function encode(name: string): Collation {
  if (name.toLowerCase() === sqlLatin1Name.toLowerCase()) {
    return {
      name: sqlLatin1Name,
      bytes: pack(flag.ignoreCase | flag.ignoreKana | flag.ignoreWidth, 0, 52),
      codePage: 'cp1252',
    };
  }
  const match = windowsName.exec(name);
  if (match === null) {
    throw new SqlServerError(448, `Invalid collation '${name}'.`);
  }
  const [, hundred, binary, case_, accent, kana, width, utf8] = match;
  let flags = utf8 === undefined ? 0 : flag.utf8;
  if (binary !== undefined) {
    flags |= binary.toUpperCase() === 'BIN2' ? flag.binary2 : flag.binary;
  } else {
    flags |= case_?.toUpperCase() === 'I' ? flag.ignoreCase : 0;
    flags |= accent?.toUpperCase() === 'I' ? flag.ignoreAccent : 0;
    flags |= kana === undefined ? flag.ignoreKana : 0;
    flags |= width === undefined ? flag.ignoreWidth : 0;
  }
  return {
    name,
    bytes: pack(flags, hundred === undefined ? 0 : 2, 0),
    codePage: utf8 === undefined ? 'cp1252' : 'utf8',
  };
}

function pack(flags: number, version: number, sortId: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32LE((latin1 | (flags << 20) | (version << 28)) >>> 0, 0);
  bytes.writeUInt8(sortId, 4);
  return bytes;
}

function nameOf(flags: number, version: number): string {
  const family = `Latin1_General${version >= 2 ? '_100' : ''}`;
  const utf8 = (flags & flag.utf8) === 0 ? '' : '_UTF8';
  if ((flags & (flag.binary | flag.binary2)) !== 0) {
    return `${family}_${(flags & flag.binary2) === 0 ? 'BIN' : 'BIN2'}${utf8}`;
  }
  const has = (bit: number, yes: string, no: string) => ((flags & bit) === 0 ? no : yes);
  const order = `C${has(flag.ignoreCase, 'I', 'S')}_A${has(flag.ignoreAccent, 'I', 'S')}`;
  const width = has(flag.ignoreKana, '', '_KS') + has(flag.ignoreWidth, '', '_WS');
  return `${family}_${order}${width}${utf8 === '' ? '' : `_SC${utf8}`}`;
}

/** The collation of the server, of its databases and of every session. */
export const defaultCollation = collationByName(sqlLatin1Name);
