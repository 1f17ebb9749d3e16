import iconv from 'iconv-lite';
import { type CodePage, isDoubleByte } from '../../collations.js';
import { invalidArgumentType, unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { quoteText } from '../quoting.js';
import { collationOf } from './collation.js';
import type { Expr } from './expr.js';
import { isBinary, isChar, isUnicode, typeName } from './sql-types.js';

/**
 * The bytes of a value as SQL for hex digits: UTF-16LE for nchar and nvarchar, the collation's code page or
 * UTF-8 for char and varchar (docs: HASHBYTES, "Collation and Unicode support").
 */
export function hexOf(source: Expr): { readonly sql: string; readonly digits?: number } {
  if (source.hex) return source.hex;
  if (isBinary(source.type)) return { sql: `hex(${source.sql})` };
  if (!isChar(source.type)) throw invalidArgumentType(typeName(source.type), 1, 'hashbytes');
  if (isUnicode(source.type)) return { sql: macro('utf16_hex', source.sql) };
  if (isUtf8(source)) return { sql: `hex(encode(${source.sql}))` };
  const { codePage } = collationOf(source.type.collation);
  if (isDoubleByte(codePage)) throw unsupported(`the bytes of text in ${codePage}`);
  return { sql: macro('single_byte_hex', source.sql, quoteText(upperHalf(codePage))) };
}

const bytesFrom80 = Buffer.from(Array.from({ length: 128 }, (_, index) => 0x80 + index));

/** The characters of bytes 80 to FF; those that a code page leaves undefined are the controls of Latin-1. */
function upperHalf(codePage: CodePage): string {
  const characters = [...iconv.decode(bytesFrom80, codePage)];
  return characters
    .map((character, index) => (character === '\ufffd' ? String.fromCharCode(0x80 + index) : character))
    .join('');
}

/** True where the value's bytes in SQL Server are those of DuckDB's own UTF-8 text. */
export const isUtf8 = (source: Expr): boolean =>
  isChar(source.type) &&
  !isUnicode(source.type) &&
  (source.ascii === true || collationOf(source.type.collation).utf8);
