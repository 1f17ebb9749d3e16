/** Thrown by a `ByteReader` at the end of its bytes: `needed` bytes, from its first one, are known to be needed. */
export class MoreBytesNeeded extends Error {
  constructor(readonly needed: number) {
    super(`${needed} bytes needed`);
  }
}

/** Reads a token that comes once a result, where comfort counts more than speed; all numbers little-endian. */
export class ByteReader {
  readonly #start: number;

  constructor(
    readonly bytes: Buffer,
    public at: number,
    readonly end: number,
  ) {
    this.#start = at;
  }

  /** Where the next `count` bytes begin; behind them is read on. */
  take(count: number): number {
    const from = this.at;
    if (this.end - from < count) throw new MoreBytesNeeded(from - this.#start + count);
    this.at = from + count;
    return from;
  }

  byte(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  short(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  long(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  /** A copy: the buffer at hand is used again. */
  copyOf(count: number): Buffer {
    const from = this.take(count);
    return Buffer.from(this.bytes.subarray(from, from + count));
  }

  /** B_VARCHAR (MS-TDS 2.2.5.1.2): UTF-16 units behind their number in one byte. */
  shortText(): string {
    return this.#utf16(this.byte());
  }

  /** US_VARCHAR: the number in two bytes. */
  longText(): string {
    return this.#utf16(this.short());
  }

  #utf16(units: number): string {
    const from = this.take(2 * units);
    return this.bytes.toString('utf16le', from, from + 2 * units);
  }
}
