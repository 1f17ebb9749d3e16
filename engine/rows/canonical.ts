import { hash } from 'node:crypto';
import { MigrationError } from '../errors.js';
import { type CellText, cellText, hexOf } from './cell-text.js';
import type { Cell, Column, LogicalType } from './types.js';
import { isWellFormed } from './well-formed.js';

/** Part of every fingerprint: a change of the canonical text or of the hash makes old checksums incomparable. */
export const checksumVersion = 2;

const nullText = '~;';

/**
 * The canonical text of one row, which every side builds to the same bytes (docs/checksums.md): one field per
 * column in column order. The definition; rows by the million go through `createRowHasher`.
 * @throws MigrationError VALUE_UNREPRESENTABLE for text with a lone surrogate: UTF-8 cannot hold it, and a replacement
 * character would hash alike on every later side.
 */
export function canonicalRow(columns: readonly Column[], cells: readonly Cell[]): string {
  return columns.map(({ type }, index) => canonicalCell(type)(cells[index] ?? null)).join('');
}

/** First 8 bytes of MD5 over the UTF-8 bytes, big-endian, as an unsigned 64-bit integer. */
export function rowHash(text: string): bigint {
  return hash('md5', text, 'buffer').readBigUInt64BE(0);
}

/** The function that builds the field of one cell of this type. */
export function canonicalCell(type: LogicalType): (cell: Cell) => string {
  const text = fieldText(type);
  return (cell) => (cell === null ? nullText : `${text(cell)};`);
}

function fieldText(type: LogicalType): CellText {
  switch (type.kind) {
    case 'text':
      return (cell) => `${Buffer.byteLength(cell as string)}:${wellFormed(cell as string)}`;
    case 'bytes':
      return (cell) => `${(cell as Uint8Array).length}:${hexOf(cell as Uint8Array)}`;
    case 'float':
      return (cell) => ieeeHex(cell as number, type.bits);
    default:
      return cellText(type);
  }
}

function ieeeHex(value: number, bits: 32 | 64): string {
  const bytes = Buffer.alloc(bits / 8);
  if (bits === 32) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

function wellFormed(text: string): string {
  if (isWellFormed(text)) return text;
  throw new MigrationError(
    'VALUE_UNREPRESENTABLE',
    'A text is not valid UTF-16 (it has a lone surrogate), which UTF-8 cannot carry. Repair the value at the source.',
  );
}
