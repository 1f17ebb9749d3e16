import { MigrationError } from '../errors.js';
import { cellText } from './cell-text.js';
import type { Cell, Column, RowBatch } from './types.js';
import { exceedsPrecision } from './wall-clock.js';
import { isWellFormed } from './well-formed.js';

/** Characters of PostgreSQL text that COPY text cannot show as they are, and U+0000, which it cannot hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const needsCare = /[\u0000\\\n\r\t]/;
const escapable = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Characters after which what there is becomes a Buffer: a string ends at half a billion, and long texts add up. */
const flushCharacters = 16 * 1024 * 1024;

type Field = (cell: Cell, ordinal: number) => string;

/**
 * Builds the encoder of PostgreSQL's COPY text format (FORMAT text, default delimiter and NULL) for rows of one
 * shape. Each line holds the columns in order and then `constant`, the same for all rows (the chunk's id).
 * The encoder takes a batch and the ordinal of its first row (counted from 0 over the chunk) and gives the UTF-8
 * bytes of its lines, mostly in one Buffer, where texts are long in several; the caller may keep them.
 * It throws MigrationError VALUE_UNREPRESENTABLE, naming column and row ordinal and never the value, for U+0000 or
 * a lone surrogate in text, and for a time with more fraction digits than its column declares.
 * @see https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
 */
export function copyTextEncoder(
  columns: readonly Column[],
  constant: string,
): (batch: RowBatch, firstOrdinal: number) => Iterable<Buffer> {
  const fields = columns.map(copyField);
  const end = `${escapeText(constant)}\n`;
  return function* (batch, firstOrdinal) {
    let lines = '';
    for (let row = 0; row < batch.rows; row++) {
      for (let index = 0; index < fields.length; index++) {
        // biome-ignore lint/style/noNonNullAssertion: indexes are bounded by the batch's shape
        lines += `${fields[index]!(batch.columns[index]![row]!, firstOrdinal + row)}\t`;
      }
      lines += end;
      if (lines.length < flushCharacters && row + 1 < batch.rows) continue;
      yield Buffer.from(lines, 'utf8');
      lines = '';
    }
  };
}

function copyField(column: Column): Field {
  const { name, type } = column;
  const text = cellText(type);
  if (type.kind === 'text') {
    return (cell, ordinal) => (cell === null ? '\\N' : textField(cell as string, name, ordinal));
  }
  if (type.kind === 'timestamp' && type.precision < 6) {
    return (cell, ordinal) => {
      if (cell === null) return '\\N';
      if (exceedsPrecision(cell as bigint, type.precision)) {
        throw unrepresentable(name, ordinal, `more than ${type.precision} fraction digits`);
      }
      return text(cell);
    };
  }
  return (cell) => (cell === null ? '\\N' : text(cell));
}

function textField(value: string, column: string, ordinal: number): string {
  if (!isWellFormed(value)) throw unrepresentable(column, ordinal, 'a lone surrogate');
  if (!needsCare.test(value)) return value;
  if (value.includes('\0')) throw unrepresentable(column, ordinal, 'the character U+0000');
  return escapeText(value);
}

function escapeText(value: string): string {
  return value.replace(escapable, (character) => escapes[character] as string);
}

function unrepresentable(column: string, ordinal: number, what: string): MigrationError {
  return new MigrationError(
    'VALUE_UNREPRESENTABLE',
    `Column ${column}, row ${ordinal} of the chunk: the value has ${what}, which PostgreSQL's column cannot hold. ` +
      'Repair the value at the source or in the transform, then retry the chunk.',
  );
}
