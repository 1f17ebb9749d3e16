import type { Cell, Column } from '../../engine/rows/types';
import type { WireType } from './wire-types';

export interface WireRow {
  readonly cells: readonly Cell[];
  /** Whether it is sent as NBCROW, which has a bitmap of its NULLs. */
  readonly nbc: boolean;
}

/** Names as the columns of `encodeAnswer` have them. */
export function columnsOf(types: readonly Pick<WireType, 'type'>[]): readonly Column[] {
  return types.map(({ type }, at) => ({ name: `c${at}`, type, nullable: true }));
}

/** COLMETADATA (MS-TDS 2.2.7.4). */
export function encodeMetadata(types: readonly Pick<WireType, 'info' | 'type'>[]): Buffer {
  const columns = columnsOf(types).map(({ name }, at) => [
    Buffer.from([0, 0, 0, 0, 0x09, 0x00]),
    (types[at] as Pick<WireType, 'info'>).info,
    Buffer.from([name.length]),
    Buffer.from(name, 'utf16le'),
  ]);
  return Buffer.concat([Buffer.from([0x81, types.length & 0xff, types.length >> 8]), ...columns.flat()]);
}

/** ROW (2.2.7.19) or NBCROW (2.2.7.14), which a type that cannot tell NULL by itself needs for one. */
export function encodeRow(types: readonly WireType[], { cells, nbc }: WireRow): Buffer {
  const values = cells.map((cell, at) => {
    const type = types[at] as WireType;
    if (cell !== null) return type.encode(cell);
    if (nbc) return Buffer.alloc(0);
    if (type.encodedNull === undefined) throw new Error(`${type.name} cannot be NULL in a ROW`);
    return type.encodedNull;
  });
  if (!nbc) return Buffer.concat([Buffer.from([0xd1]), ...values]);
  const bitmap = Buffer.alloc(Math.ceil(cells.length / 8));
  cells.forEach((cell, at) => {
    if (cell === null) bitmap[at >> 3] = (bitmap[at >> 3] as number) | (1 << (at & 7));
  });
  return Buffer.concat([Buffer.from([0xd2]), bitmap, ...values]);
}

/** DONE (2.2.7.6) with a count. */
export function encodeDone(rows: number): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = 0xfd;
  bytes.writeUInt16LE(0x10, 1);
  bytes.writeUInt16LE(0xc1, 3);
  bytes.writeBigUInt64LE(BigInt(rows), 5);
  return bytes;
}

export function encodeAnswer(types: readonly WireType[], rows: readonly WireRow[]): Buffer {
  return Buffer.concat([
    encodeMetadata(types),
    ...rows.map((row) => encodeRow(types, row)),
    encodeDone(rows.length),
  ]);
}
