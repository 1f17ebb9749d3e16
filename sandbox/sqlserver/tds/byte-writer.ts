/**
 * A growing little-endian byte buffer. Cells are written straight into it, so it is the only allocation of a
 * result's encoding; `take` and `consume` give away what has been framed.
 */
export class ByteWriter {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for `count` more bytes and returns the position at which to write them. */
  ensure(count: number): number {
    const needed = this.length + count;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
    return this.length;
  }

  u8(value: number): void {
    const at = this.ensure(1);
    this.buffer[at] = value;
    this.length = at + 1;
  }

  u16(value: number): void {
    const at = this.ensure(2);
    this.buffer[at] = value;
    this.buffer[at + 1] = value >>> 8;
    this.length = at + 2;
  }

  /** 24 bits, as dates use them. */
  u24(value: number): void {
    const at = this.ensure(3);
    this.buffer[at] = value;
    this.buffer[at + 1] = value >>> 8;
    this.buffer[at + 2] = value >>> 16;
    this.length = at + 3;
  }

  /** The low 32 bits of an integer, signed or not. */
  u32(value: number): void {
    const at = this.ensure(4);
    const { buffer } = this;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  u64(value: bigint): void {
    const at = this.ensure(8);
    this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), at);
    this.length = at + 8;
  }

  bytes(value: Uint8Array): void {
    const at = this.ensure(value.length);
    this.buffer.set(value, at);
    this.length = at + value.length;
  }

  fill(value: number, count: number): void {
    const at = this.ensure(count);
    this.buffer.fill(value, at, at + count);
    this.length = at + count;
  }

  /** Text as UTF-16LE without a length. */
  utf16(text: string): void {
    const at = this.ensure(text.length * 2);
    if (text.length > 32) {
      this.buffer.write(text, at, 'utf16le');
    } else {
      // A call into native code costs more than a short loop.
      for (let i = 0, to = at; i < text.length; i += 1, to += 2) {
        const unit = text.charCodeAt(i);
        this.buffer[to] = unit;
        this.buffer[to + 1] = unit >>> 8;
      }
    }
    this.length = at + text.length * 2;
  }

  /** B_VARCHAR (MS-TDS 2.2.5.1.2): one byte of length in UTF-16 units, then the text, cut at 255 units. */
  byteText(text: string): void {
    const cut = text.slice(0, 255);
    this.u8(cut.length);
    this.utf16(cut);
  }

  /** US_VARCHAR (MS-TDS 2.2.5.1.2): two bytes of length in UTF-16 units, then the text. */
  shortText(text: string): void {
    const cut = text.slice(0, 65_535);
    this.u16(cut.length);
    this.utf16(cut);
  }

  /** What has been written so far, as a view that the next write may overwrite. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Drops the first `count` bytes and moves the rest to the front. */
  consume(count: number): void {
    this.buffer.copyWithin(0, count, this.length);
    this.length -= count;
  }
}
