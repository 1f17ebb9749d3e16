import { MigrationError } from '../errors.js';
import type { Cell, Column } from '../rows/types.js';

/** Turns one value as the driver gives it for `selectListTsql` into an exact cell. */
export type CellDecoder = (value: unknown) => Cell;

/**
 * The decoder of one column.
 * @throws (the decoder) MigrationError INTERNAL when a value has not the form that the select list asks for;
 * the message names the column, never the value
 */
export function cellDecoder(column: Column): CellDecoder {
  const { type } = column;
  const unexpected = (): MigrationError =>
    new MigrationError('INTERNAL', `Column ${column.name} arrived in an unexpected form from the driver.`);
  const text =
    (parse: (text: string) => Cell | undefined): CellDecoder =>
    (value) => {
      if (value === null) return null;
      const cell = typeof value === 'string' ? parse(value) : undefined;
      if (cell === undefined) throw unexpected();
      return cell;
    };
  const native =
    (kind: 'boolean' | 'number'): CellDecoder =>
    (value) => {
      if (value !== null && typeof value !== kind) throw unexpected();
      return value as Cell;
    };
  switch (type.kind) {
    case 'bool':
      return native('boolean');
    case 'int':
      return type.bits === 64 ? text(BigInt) : native('number');
    case 'decimal':
      return text((value) => parseDecimal(value, type.scale));
    case 'date':
      return text(parseDate);
    case 'timestamp':
      return text((value) => parseTimestamp(value, type.precision));
    case 'text':
      return text((value) => value);
  }
}

/** Digits that a double holds exactly, with one to spare for the sign. */
const exactDigits = 15;

/** `-0.500` at scale 3 is -500n; undefined when the text has another scale. */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const point = text.length - scale - 1;
  if (scale > 0 && text.charCodeAt(point) !== 46) return undefined;
  if (text.length > exactDigits)
    return BigInt(scale > 0 ? text.slice(0, point) + text.slice(point + 1) : text);
  const negative = text.charCodeAt(0) === 45;
  let unscaled = 0;
  for (let at = negative ? 1 : 0; at < text.length; at += 1) {
    if (scale > 0 && at === point) continue;
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    unscaled = unscaled * 10 + digit;
  }
  return BigInt(negative ? -unscaled : unscaled);
}

/** Days since 1970-01-01 of `2025-01-31`. */
export function parseDate(text: string): number | undefined {
  return text.length === 10 ? daysAt(text) : undefined;
}

/** Microseconds since 1970-01-01 of `2025-01-31 23:59:59.997` with exactly `precision` fraction digits. */
export function parseTimestamp(text: string, precision: number): bigint | undefined {
  if (text.length !== (precision === 0 ? 19 : 20 + precision)) return undefined;
  const days = daysAt(text);
  if (days === undefined) return undefined;
  const seconds = two(text, 11) * 3600 + two(text, 14) * 60 + two(text, 17);
  let fraction = 0;
  for (let at = 20; at < text.length; at += 1) fraction = fraction * 10 + text.charCodeAt(at) - 48;
  const micros = fraction * 10 ** (6 - precision);
  if (Number.isNaN(seconds) || Number.isNaN(micros)) return undefined;
  return BigInt(days * 86_400 + seconds) * 1_000_000n + BigInt(micros);
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; much cheaper than a Date for each cell. */
function daysAt(text: string): number | undefined {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return Number.isNaN(days) ? undefined : days;
}

function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}
