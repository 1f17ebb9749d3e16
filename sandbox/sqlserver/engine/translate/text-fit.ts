import iconv from 'iconv-lite';
import { isDoubleByte } from '../../collations.js';
import { unsupported } from '../errors.js';
import { macro } from '../macros.js';
import { quoteText } from '../quoting.js';
import { collationOf } from './collation.js';
import type { Expr } from './expr.js';
import { type CharType, isChar, isUnicode } from './sql-types.js';

/** Text for a (var)char's code page: what it cannot hold becomes a question mark. */
export function narrowed(source: Expr, target: CharType): string {
  if (source.ascii || isUnicode(target) || !isChar(source.type)) return source.sql;
  const { codePage } = collationOf(target.collation);
  const own = isUnicode(source.type) ? undefined : collationOf(source.type.collation).codePage;
  if (codePage === 'utf8' || codePage === own) return source.sql;
  if (typeof source.constant === 'string')
    return quoteText(iconv.decode(iconv.encode(source.constant, codePage), codePage));
  if (codePage === 'cp1252') return macro('best_fit', source.sql);
  throw unsupported(`conversion of text into ${codePage} but of a constant`);
}

/** Text cut to a type that holds less than `length`, and padded where the type is. */
export function fitTo(sql: string, length: number | 'max', target: CharType): string {
  if (target.length === 'max') return sql;
  if (target.name === 'char' || target.name === 'nchar') return padded(sql, target);
  return length === 'max' || length > target.length ? `left(${sql}, ${target.length})` : sql;
}

/** A char is as many bytes long as its type says, an nchar as many UTF-16 units. */
export function padded(sql: string, target: CharType): string {
  return `rpad(${sql}, CAST(greatest(${target.length} - (${storedLength(sql, target)} - length(${sql})), 0) AS INTEGER), ' ')`;
}

/** What a char type's length counts: UTF-16 units, or bytes in the code page. */
export function storedLength(sql: string, type: CharType): string {
  if (isUnicode(type)) return macro('utf16_length', sql);
  const { codePage } = collationOf(type.collation);
  if (codePage === 'utf8') return `strlen(${sql})`;
  return isDoubleByte(codePage) ? macro('double_byte_length', sql) : `length(${sql})`;
}
