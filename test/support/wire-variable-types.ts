import fc from 'fast-check';
import { encode as encodeText } from 'iconv-lite';
import type { Cell } from '../../engine/rows/types';
import type { WireType } from './wire-types';
import {
  anyCharacter,
  latin1Collation,
  longValue,
  plpNull,
  plpValue,
  shortValue,
  utf8Collation,
  windowsCollation,
} from './wire-values';

type Encode = (value: Buffer) => Buffer;

const anyText = fc.string({ unit: anyCharacter, maxLength: 12 });
const latinText = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', 'é', '€', 'ß'), maxLength: 12 });
const japanese = fc.string({ unit: fc.constantFrom('a', 'ソ', '漢', 'ｱ', '\\'), maxLength: 12 });
const anyBytes = fc.uint8Array({ maxLength: 12 });

const utf16: (text: Cell) => Buffer = (text) => Buffer.from(text as string, 'utf16le');
const utf8: (text: Cell) => Buffer = (text) => Buffer.from(text as string, 'utf8');
const bytes: (value: Cell) => Buffer = (value) => Buffer.from(value as Uint8Array);
const codePage = (name: string) => (text: Cell) => encodeText(text as string, name);

const nullPointer = Buffer.from([0]);
const textPointer = Buffer.concat([Buffer.from([16]), Buffer.alloc(16, 0x11), Buffer.alloc(8, 0x22)]);
const pointed: Encode = (value) => Buffer.concat([textPointer, longValue(value)]);
/** In chunks that cut characters, the length not told. */
const chunked: Encode = (value) => plpValue(value, 3, false);
const whole: Encode = (value) => plpValue(value);

const shortNull = Buffer.from([0xff, 0xff]);
const max = [0xff, 0xff];
const tableName = [1, 1, 0, 0x74, 0x00];
const unlimited = [0xff, 0xff, 0xff, 0x7f];

/** Every type whose values have a length of their own. */
export const variableWireTypes: readonly WireType[] = [
  text('char(40)', [0xaf, 40, 0, ...latin1Collation], latinText, codePage('cp1252'), shortValue, shortNull),
  text(
    'varchar(40)',
    [0xa7, 40, 0, ...latin1Collation],
    latinText,
    codePage('cp1252'),
    shortValue,
    shortNull,
  ),
  text(
    'varchar(40), Japanese',
    [0xa7, 40, 0, ...windowsCollation(0x0411)],
    japanese,
    codePage('cp932'),
    shortValue,
    shortNull,
  ),
  text('varchar(99), UTF-8', [0xa7, 99, 0, ...utf8Collation], anyText, utf8, shortValue, shortNull),
  text('nchar(40)', [0xef, 80, 0, ...latin1Collation], anyText, utf16, shortValue, shortNull),
  text('nvarchar(40)', [0xe7, 80, 0, ...latin1Collation], anyText, utf16, shortValue, shortNull),
  text('varchar(max)', [0xa7, ...max, ...utf8Collation], anyText, utf8, chunked, plpNull),
  text('nvarchar(max)', [0xe7, ...max, ...latin1Collation], anyText, utf16, chunked, plpNull),
  text('nvarchar(max) of known length', [0xe7, ...max, ...latin1Collation], anyText, utf16, whole, plpNull),
  text('xml', [0xf1, 0], fc.constantFrom('<a/>', '<b>😀</b>'), utf16, whole, plpNull),
  text(
    'text',
    [0x23, ...unlimited, ...latin1Collation, ...tableName],
    latinText,
    codePage('cp1252'),
    pointed,
    nullPointer,
  ),
  text('ntext', [0x63, ...unlimited, ...latin1Collation, ...tableName], anyText, utf16, pointed, nullPointer),
  text(
    'sql_variant',
    [0x62, 0x49, 0x1f, 0, 0],
    fc.integer().map(String),
    variantOfInt,
    longValue,
    Buffer.alloc(4),
  ),
  binary('binary(12)', [0xad, 12, 0], shortValue, shortNull),
  binary('varbinary(12)', [0xa5, 12, 0], shortValue, shortNull),
  binary('varbinary(max)', [0xa5, ...max], chunked, plpNull),
  binary('image', [0x22, ...unlimited, ...tableName], pointed, nullPointer),
  binary('hierarchyid', [0xf0, 0x7c, 0x03, 0, 0, 0, 0, 0], whole, plpNull),
];

function text(
  name: string,
  info: readonly number[],
  cells: fc.Arbitrary<string>,
  content: (cell: Cell) => Buffer,
  frame: Encode,
  encodedNull: Buffer,
): WireType {
  const encode = (cell: Exclude<Cell, null>) => frame(content(cell));
  return { name, info: Buffer.from(info), type: { kind: 'text' }, cells, encode, encodedNull };
}

function binary(name: string, info: readonly number[], frame: Encode, encodedNull: Buffer): WireType {
  return {
    name,
    info: Buffer.from(info),
    type: { kind: 'bytes' },
    cells: anyBytes,
    encode: (cell) => frame(bytes(cell)),
    encodedNull,
  };
}

function variantOfInt(cell: Cell): Buffer {
  const value = Buffer.alloc(6);
  value[0] = 0x38;
  value.writeInt32LE(Number(cell), 2);
  return value;
}
