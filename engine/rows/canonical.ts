import { hash } from 'node:crypto';
import { MigrationError } from '../errors.js';
import { type CellText, cellText, hexOf } from './cell-text.js';
import type { Cell, Column, LogicalType, RowBatch, SetChecksum } from './types.js';
import { isWellFormed } from './well-formed.js';

/** Part of every fingerprint: a change of the canonical text or of the hash makes old checksums incomparable. */
export const checksumVersion = 2;

const nullText = '~;';
const two32 = 2 ** 32;
/** A sum of this many 32-bit halves is still an exact double. */
const rowsBetweenCarries = 1_000_000;

/**
 * The canonical text of one row, which every side builds to the same bytes (docs/checksums.md): one field per
 * column in column order.
 */
export function canonicalRow(columns: readonly Column[], cells: readonly Cell[]): string {
  return columns.map(({ type }, index) => canonicalCell(type)(cells[index] ?? null)).join('');
}

/** First 8 bytes of MD5 over the UTF-8 bytes, big-endian, as an unsigned 64-bit integer. */
export function rowHash(text: string): bigint {
  return hash('md5', text, 'buffer').readBigUInt64BE(0);
}

/**
 * The reader's own checksum over rows of one shape, fed batch by batch.
 * `add` throws MigrationError VALUE_UNREPRESENTABLE for text with a lone surrogate: UTF-8 cannot hold it, and a
 * replacement character would hash alike on every later side.
 */
export class SetHasher {
  #rows = 0;
  #high = 0;
  #low = 0;
  #sinceCarry = 0;
  #encoders: readonly ((cell: Cell) => string)[] = [];
  #columns: readonly Column[] | undefined;

  add(columns: readonly Column[], batch: RowBatch): void {
    if (columns !== this.#columns) {
      this.#columns = columns;
      this.#encoders = columns.map(({ type }) => canonicalCell(type));
    }
    const encoders = this.#encoders;
    for (let row = 0; row < batch.rows; row++) {
      let text = '';
      for (let index = 0; index < encoders.length; index++) {
        // biome-ignore lint/style/noNonNullAssertion: indexes are bounded by the batch's shape
        text += encoders[index]!(batch.columns[index]![row]!);
      }
      this.#addHash(text);
    }
  }

  value(): SetChecksum {
    this.#carry();
    const sum = (BigInt(this.#high) << 32n) | BigInt(this.#low);
    return { rows: this.#rows, sum: sum.toString(16).padStart(16, '0') };
  }

  #addHash(text: string): void {
    // A digest as a string of bytes: asking for a Buffer triples the cost of hashing a row.
    const digest = hash('md5', text, 'binary');
    this.#high += bytesToUint32(digest, 0);
    this.#low += bytesToUint32(digest, 4);
    this.#rows++;
    if (++this.#sinceCarry === rowsBetweenCarries) this.#carry();
  }

  #carry(): void {
    this.#high = (this.#high + Math.floor(this.#low / two32)) % two32;
    this.#low %= two32;
    this.#sinceCarry = 0;
  }
}

function bytesToUint32(bytes: string, at: number): number {
  return (
    ((bytes.charCodeAt(at) << 24) |
      (bytes.charCodeAt(at + 1) << 16) |
      (bytes.charCodeAt(at + 2) << 8) |
      bytes.charCodeAt(at + 3)) >>>
    0
  );
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
