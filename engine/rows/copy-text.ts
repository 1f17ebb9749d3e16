import { cellText } from './cell-text.js';
import type { Poison, Quarantine } from './quarantine.js';
import type { Cell, Column, RowBatch } from './types.js';
import { exceedsPrecision, isInCalendar, isInCalendarTime } from './wall-clock.js';
import { isWellFormed } from './well-formed.js';

/** Characters of PostgreSQL text that COPY text cannot show as they are, and U+0000, which it cannot hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const needsCare = /[\u0000\\\n\r\t]/;
const escapable = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Characters after which what there is becomes a Buffer: a string ends at half a billion, and long texts add up. */
const flushCharacters = 16 * 1024 * 1024;

type Field = (cell: Cell) => string;
/** A row's values by column are `batch.columns[…][row]`; `firstOrdinal` is that of the batch's first row. */
export type CopyTextEncoder = (batch: RowBatch, firstOrdinal: number) => Iterable<Buffer>;

/** What a field is thrown out with; the row's line catches it. */
class Unfit extends Error {
  constructor(readonly poison: Poison) {
    super(poison.what);
  }
}

/**
 * Builds the encoder of PostgreSQL's COPY text format (FORMAT text, default delimiter and NULL) for rows of one
 * shape. Each line holds the columns in order and then `constant`, the same for all rows (the chunk's id).
 * The encoder takes a batch and the ordinal of its first row (counted from 0 over the chunk) and gives the UTF-8
 * bytes of its lines, mostly in one Buffer, where texts are long in several; the caller may keep them.
 *
 * A row that PostgreSQL would refuse or change goes to `quarantine`, which may throw, and has no line; nor have rows
 * that are there already. That is: U+0000 or a lone surrogate in text, more characters than declared (PostgreSQL cuts
 * off blanks beyond), more fraction digits than declared, years outside of 0001 to 9999, NULL in a NOT NULL column.
 * Numbers are not looked at: parts have the very types of the target.
 * @see https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
 */
export function copyTextEncoder(
  columns: readonly Column[],
  constant: string,
  quarantine: Quarantine,
): CopyTextEncoder {
  const fields = columns.map(copyField);
  const end = `${escapeText(constant)}\n`;

  function lineOf(batch: RowBatch, row: number, ordinal: number): string {
    if (quarantine.has(ordinal)) return '';
    try {
      let line = '';
      for (let index = 0; index < fields.length; index++) {
        // biome-ignore lint/style/noNonNullAssertion: indexes are bounded by the batch's shape
        line += `${fields[index]!(batch.columns[index]![row]!)}\t`;
      }
      return line + end;
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      quarantine.add({ ...error.poison, ordinal, cells: cellsOf(batch, row) });
      return '';
    }
  }

  return function* (batch, firstOrdinal) {
    let lines = '';
    for (let row = 0; row < batch.rows; row++) {
      lines += lineOf(batch, row, firstOrdinal + row);
      if (lines.length < flushCharacters && row + 1 < batch.rows) continue;
      if (lines !== '') yield Buffer.from(lines, 'utf8');
      lines = '';
    }
  };
}

/** The values of one row of a batch. */
export function cellsOf(batch: RowBatch, row: number): readonly Cell[] {
  return batch.columns.map((column) => column[row] ?? null);
}

function copyField(column: Column): Field {
  const text = presentField(column);
  if (column.nullable) return (cell) => (cell === null ? '\\N' : text(cell));
  return (cell) => {
    if (cell === null) throw unfit(column, 'NULL_VALUE', 'the value is NULL in a column that is NOT NULL');
    return text(cell);
  };
}

function presentField(column: Column): (cell: Exclude<Cell, null>) => string {
  const { type } = column;
  const text = cellText(type);
  switch (type.kind) {
    case 'text':
      return (cell) => textField(cell as string, column, type.maxLength ?? Number.POSITIVE_INFINITY);
    case 'date':
      return (cell) => {
        if (!isInCalendar(cell as number)) throw outOfCalendar(column);
        return text(cell);
      };
    case 'timestamp':
      return (cell) => {
        if (!isInCalendarTime(cell as bigint)) throw outOfCalendar(column);
        if (exceedsPrecision(cell as bigint, type.precision))
          throw unfit(column, 'FRACTION_DIGITS', `the time has more than ${type.precision} fraction digits`);
        return text(cell);
      };
    default:
      return text;
  }
}

function textField(value: string, column: Column, maxLength: number): string {
  if (!isWellFormed(value)) throw unfit(column, 'LONE_SURROGATE', 'the text has a lone surrogate');
  // PostgreSQL counts code points, of which there are never more than UTF-16 units.
  if (value.length > maxLength && [...value].length > maxLength)
    throw unfit(column, 'TOO_LONG', `the text has more than ${maxLength} characters`);
  if (!needsCare.test(value)) return value;
  if (value.includes('\0')) throw unfit(column, 'NUL_CHARACTER', 'the text holds the character U+0000');
  return escapeText(value);
}

function escapeText(value: string): string {
  return value.replace(escapable, (character) => escapes[character] as string);
}

function outOfCalendar(column: Column): Unfit {
  return unfit(column, 'OUT_OF_CALENDAR', 'the date lies outside of the years 0001 to 9999');
}

function unfit({ name }: Column, reason: string, what: string): Unfit {
  return new Unfit({ reason, what, column: name });
}
