import fc from 'fast-check';
import { type ColumnVector, createVector, startOf, type VarVector } from '../../engine/rows/column-batch';
import type { CellDecoderFactory, CellOptions, WireColumn } from '../../engine/sqlserver/wire/cell-decoder';

/** Any code point but surrogates, those with few bytes often; fast-check takes seconds to prepare its own. */
export const anyCharacter = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7ff }),
    fc.integer({ min: 0x800, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0xffff }),
    fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
  )
  .map((codePoint) => String.fromCodePoint(codePoint));

/** SQL_Latin1_General_CP1_CI_AS. */
export const latin1Collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);
/** Latin1_General_100_CI_AS_SC_UTF8. */
export const utf8Collation = Buffer.from([0x09, 0x04, 0xd0, 0x24, 0x00]);

/** Collation bytes of a language's windows collation (MS-TDS 2.2.5.1.2). */
export function windowsCollation(language: number): Buffer {
  return Buffer.from([language & 0xff, language >> 8, 0xd0, 0x00, 0x00]);
}

export function wireColumn(typeId: number, more: Partial<WireColumn> = {}): WireColumn {
  return { name: 'c', typeId, nullable: true, length: 8000, precision: 0, scale: 0, ...more };
}

export function cellOptions(more: Partial<CellOptions> = {}): CellOptions {
  return {
    maxValueBytes: 1024 * 1024,
    invalidText: 'fail',
    position: { rowsBefore: 0, bytesBefore: 0 },
    counts: { replaced: 0 },
    ...more,
  };
}

/** Bytes of a row of a `var` vector; null for NULL. */
function bytesAt(vector: ColumnVector, row: number): Buffer | null {
  const { nulls, heap, ends } = vector as VarVector;
  return nulls[row] === 1 ? null : Buffer.from(heap.subarray(startOf(vector as VarVector, row), ends[row]));
}

/**
 * Decodes values that lie one behind the other, as a reader does whose bytes come `packet` at a time: it asks again
 * when a decoder has what it asked for. Throws when a decoder asks for too little, or reads beyond its value.
 */
export function decodeValues(
  factory: CellDecoderFactory,
  column: WireColumn,
  bytes: Buffer,
  { options = cellOptions(), packet = bytes.length }: { options?: CellOptions; packet?: number } = {},
): (Buffer | null)[] {
  const vector = createVector('var');
  const decode = factory(column, vector, options);
  let at = 0;
  let row = 0;
  for (let end = Math.min(packet, bytes.length); at < bytes.length; ) {
    // A copy: a decoder that read beyond the bytes that there are would find nothing.
    const next = decode(Buffer.from(bytes.subarray(0, end)), at, end, row);
    if (next > 0) {
      if (next > end) throw new RangeError(`read up to ${next} of ${end} bytes`);
      at = next;
      row += 1;
    } else {
      if (at - next <= end) throw new RangeError(`asks for ${-next} bytes and has ${end - at}`);
      if (at - next > bytes.length) throw new RangeError(`asks for ${-next} bytes of ${bytes.length - at}`);
      while (end < at - next) end = Math.min(end + packet, bytes.length);
    }
  }
  return Array.from({ length: row }, (_, index) => bytesAt(vector, index));
}

/** A value behind a length of two bytes; null for NULL. */
export function shortValue(value: Buffer | null): Buffer {
  if (value === null) return Buffer.from([0xff, 0xff]);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(value.length);
  return Buffer.concat([length, value]);
}

export const plpNull = Buffer.alloc(8, 0xff);

/** A PLP value in chunks of `chunk` bytes, its length told at its beginning or not (MS-TDS 2.2.5.2.3). */
export function plpValue(value: Buffer, chunk = Math.max(1, value.length), known = true): Buffer {
  const length = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  if (known) length.writeBigUInt64LE(BigInt(value.length));
  const chunks: Buffer[] = [];
  for (let at = 0; at < value.length; at += chunk) chunks.push(longValue(value.subarray(at, at + chunk)));
  return Buffer.concat([length, ...chunks, Buffer.alloc(4)]);
}

/** A value behind a length of four bytes. */
export function longValue(value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return Buffer.concat([length, value]);
}
