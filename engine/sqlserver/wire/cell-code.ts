import type { ColumnVector } from '../../rows/column-batch.js';
import { type CellDecoder, type CellOptions, malformed, type WireColumn } from './cell-decoder.js';
import { viewOf } from './words.js';

/**
 * A type's decoder as JavaScript, so that a row's decoders run as one function: a million rows of twelve columns take
 * 0.17 CPU-s so, and 0.27 where a closure is called for each value. It is made of our own text and of numbers, never of
 * a name or a value.
 *
 * `statements` read the value that begins at `at` of `bytes[..end)`, write it or NULL to `row`, and move `at` behind
 * it, as a `CellDecoder` does. They see what `bound` holds by its names, and `words`, a view of `bytes`.
 * `incomplete(needed)` is the statement for bytes that end inside the value; `needed` is an expression.
 */
export interface CellCode {
  readonly statements: (incomplete: (needed: string) => string) => string;
  readonly bound: CellBindings;
}

export interface CellBindings {
  readonly vector: ColumnVector;
  readonly nulls: Uint8Array;
  /** Values of a fixed layout; words of floats, whose bits are kept so. */
  readonly data?: Uint8Array | Int16Array | Int32Array;
  /** What is too long to stand in the code: writes the value whose first byte is at `at`, and all of it there. */
  readonly write?: (bytes: Buffer, at: number, row: number) => void;
  /** The error for bytes that no server may send. */
  readonly fail?: (at: number, what: string) => Error;
  readonly decode?: CellDecoder;
}

export type CellCodeFactory = (column: WireColumn, vector: ColumnVector, options: CellOptions) => CellCode;

/** Bindings of every column with code of its own. */
export function bind(
  column: WireColumn,
  vector: ColumnVector,
  options: CellOptions,
  more: Pick<CellBindings, 'data' | 'write'>,
): CellBindings {
  const fail = (at: number, what: string): Error => malformed(column, options, at, what);
  return { vector, nulls: vector.nulls, fail, ...more };
}

/** For a type without code of its own: calls its decoder. */
export function callCode(decode: CellDecoder, vector: ColumnVector): CellCode {
  return {
    statements: (incomplete) => `
      const next = decode(bytes, at, end, row);
      if (next < 0) ${incomplete('-next')}
      at = next;`,
    bound: { vector, nulls: vector.nulls, decode },
  };
}

/** Statements that make a row NULL (`writeNull`). */
export function nullStatements({ vector }: CellBindings): string {
  const ends = vector.layout === 'var' ? 'vector.ends[row] = row === 0 ? 0 : vector.ends[row - 1];' : '';
  return `nulls[row] = 1; vector.nullCount += 1; ${ends}`;
}

/** The code of one column alone. */
export function compileCell({ statements, bound }: CellCode): CellDecoder {
  const body = statements((needed) => `return -(${needed});`);
  const make = new Function(
    'viewOf',
    ...Object.keys(bound),
    `return function (bytes, at, end, row) {\nconst words = viewOf(bytes);\n${body}\nreturn at;};`,
  );
  return make(viewOf, ...Object.values(bound)) as CellDecoder;
}

/** Expression of the signed 32-bit word, little-endian, at `at` plus `offset`. */
export function wordCode(offset: number): string {
  return `words.getInt32(at + ${offset}, true)`;
}

/** Expression of the unsigned number of 1 to 5 bytes, little-endian, at `at` plus `offset`. */
export function unsignedCode(offset: number, size: number): string {
  if (size === 1) return `bytes[at + ${offset}]`;
  if (size < 4) return `(words.getUint16(at + ${offset}, true)${highest(offset, size, 2)})`;
  return `(words.getUint32(at + ${offset}, true)${highest(offset, size, 4)})`;
}

function highest(offset: number, size: number, read: number): string {
  return size === read ? '' : ` + bytes[at + ${offset + read}] * ${2 ** (8 * read)}`;
}
