import { SqlServerError } from '../engine/types.js';

/** Msg 4002: the incoming stream is not TDS, or not the TDS that the stand-in reads. */
export function protocolError(detail: string): SqlServerError {
  return new SqlServerError(
    4002,
    `The incoming tabular data stream (TDS) protocol stream is incorrect. ${detail}`,
    16,
  );
}

/** A cursor over one message's payload; every read past its end throws `protocolError`. */
export class ByteReader {
  position = 0;

  constructor(readonly buffer: Buffer) {}

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  u8(): number {
    return this.buffer.readUInt8(this.advance(1));
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.advance(2));
  }

  u24(): number {
    return this.buffer.readUIntLE(this.advance(3), 3);
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.advance(4));
  }

  i16(): number {
    return this.buffer.readInt16LE(this.advance(2));
  }

  i32(): number {
    return this.buffer.readInt32LE(this.advance(4));
  }

  i64(): bigint {
    return this.buffer.readBigInt64LE(this.advance(8));
  }

  u64(): bigint {
    return this.buffer.readBigUInt64LE(this.advance(8));
  }

  /** An unsigned integer of 1 to 6 bytes. */
  uint(bytes: number): number {
    return this.buffer.readUIntLE(this.advance(bytes), bytes);
  }

  f32(): number {
    return this.buffer.readFloatLE(this.advance(4));
  }

  f64(): number {
    return this.buffer.readDoubleLE(this.advance(8));
  }

  /** A view of the next bytes. */
  bytes(count: number): Buffer {
    const from = this.advance(count);
    return this.buffer.subarray(from, from + count);
  }

  /** `units` UTF-16 units. */
  utf16(units: number): string {
    return this.bytes(units * 2).toString('utf16le');
  }

  /** B_VARCHAR (MS-TDS 2.2.5.1.2). */
  byteText(): string {
    return this.utf16(this.u8());
  }

  private advance(count: number): number {
    const at = this.position;
    if (at + count > this.buffer.length) {
      throw protocolError('A message ends before its last field.');
    }
    this.position = at + count;
    return at;
  }
}
