import {
  type CodePage,
  type Collation as CollationFacts,
  collationNamed,
  defaultCollation as defaultName,
  familyOfLcid,
  nameOfSortId,
} from '../collations.js';
import { SqlServerError } from '../engine/types.js';

/** A collation as the wire carries it (MS-TDS 2.2.5.1.2 Collation rule Definition). */
export interface Collation {
  readonly name: string;
  /** LCID, flags and version, sort id: five bytes. */
  readonly bytes: Buffer;
  readonly codePage: CodePage;
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
const known = new Map<string, Collation>();

/** The collation of a name; throws Msg 448 for one that is not offered. */
export function collationByName(name: string): Collation {
  let collation = known.get(name);
  if (collation === undefined) {
    const facts = collationNamed(name);
    collation = { name: facts.name, bytes: pack(facts), codePage: facts.codePage };
    known.set(name, collation);
  }
  return collation;
}

/** The collation of a parameter's five bytes; all zero means the server's default. Throws Msg 448 otherwise. */
export function collationByBytes(bytes: Buffer): Collation {
  if (bytes.every((byte) => byte === 0)) {
    return defaultCollation;
  }
  const info = bytes.readUInt32LE(0);
  const sortId = bytes.readUInt8(4);
  const family = familyOfLcid(info & 0xfffff);
  const name =
    sortId === 0 ? family && nameOf(family, (info >>> 20) & 0xff, info >>> 28) : nameOfSortId(sortId);
  if (name === undefined) {
    throw new SqlServerError(448, 'Invalid collation in a parameter: it is not one that is known here.');
  }
  return collationByName(name);
}

function pack(facts: CollationFacts): Buffer {
  let flags = facts.codePage === 'utf8' ? flag.utf8 : 0;
  if (facts.binary !== undefined) {
    flags |= facts.binary === 'BIN2' ? flag.binary2 : flag.binary;
  } else {
    flags |= facts.caseSensitive ? 0 : flag.ignoreCase;
    flags |= facts.accentSensitive ? 0 : flag.ignoreAccent;
    flags |= facts.kanaSensitive ? 0 : flag.ignoreKana;
    flags |= facts.widthSensitive ? 0 : flag.ignoreWidth;
  }
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32LE((facts.lcid | (flags << 20) | (facts.version << 28)) >>> 0, 0);
  bytes.writeUInt8(facts.sortId, 4);
  return bytes;
}

function nameOf(family: string, flags: number, version: number): string {
  const versioned = `${family}${['', '_90', '_100'][version] ?? '_100'}`;
  const utf8 = (flags & flag.utf8) === 0 ? '' : '_UTF8';
  if ((flags & (flag.binary | flag.binary2)) !== 0) {
    return `${versioned}_${(flags & flag.binary2) === 0 ? 'BIN' : 'BIN2'}${utf8}`;
  }
  const has = (bit: number, yes: string, no: string) => ((flags & bit) === 0 ? no : yes);
  const order = `C${has(flag.ignoreCase, 'I', 'S')}_A${has(flag.ignoreAccent, 'I', 'S')}`;
  const width = has(flag.ignoreKana, '', '_KS') + has(flag.ignoreWidth, '', '_WS');
  return `${versioned}_${order}${width}${utf8 === '' ? '' : `_SC${utf8}`}`;
}

/** The collation of the server, of its databases and of every session. */
export const defaultCollation = collationByName(defaultName);
