/** Room for the usual: what is left of one packet and the next packet. */
const usualRoom = 64 * 1024;

/**
 * The bytes of a message from the first one that is not decoded yet: `bytes[at..end)`. What is left of a chunk is
 * joined with those that follow, in a buffer that is used again; it grows with the bytes that arrive, never with those
 * announced.
 */
export class UnreadBytes {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  /** Bytes of the message before the first byte of `bytes`. */
  before = 0;
  #joined: Buffer = Buffer.alloc(0);
  /** Bytes from `at` on below which a decoder need not be asked again; 0 when it has not been asked. */
  #needed = 0;

  get length(): number {
    return this.end - this.at;
  }

  /** @param chunk its memory stays as it is until it is read, or joined with the next */
  add(chunk: Buffer): void {
    if (this.length === 0) {
      this.before += this.at;
      this.bytes = chunk;
      this.at = 0;
      this.end = chunk.length;
    } else {
      this.#join(chunk);
    }
  }

  /** Whether the decoder that asked for more may find it. */
  get enough(): boolean {
    return this.length >= this.#needed;
  }

  /** A decoder has read up to `at`, and goes on there. */
  readTo(at: number): void {
    this.at = at;
    this.#needed = 0;
  }

  /** A decoder has read up to `at`, and goes on when there are `needed` bytes from there on. */
  readToNeeding(at: number, needed: number): void {
    // What tells its size piece by piece (PLP) is scanned again only at twice its bytes, else its cost were quadratic.
    const askedBefore = at === this.at && this.#needed > 0;
    this.at = at;
    this.#needed = askedBefore ? Math.max(needed, 2 * this.length) : needed;
  }

  #join(chunk: Buffer): void {
    const left = this.length;
    const size = left + chunk.length;
    const joined = size <= this.#joined.length ? this.#joined : Buffer.allocUnsafeSlow(roomFor(size));
    if (joined !== this.bytes || this.end + chunk.length > joined.length) {
      this.bytes.copy(joined, 0, this.at, this.end);
      this.before += this.at;
      this.at = 0;
    }
    chunk.copy(joined, this.at + left);
    this.#joined = joined;
    this.bytes = joined;
    this.end = this.at + size;
  }
}

/** Twice as much as needed now, so that a large value is not copied with each packet of it. */
function roomFor(size: number): number {
  return Math.max(usualRoom, 2 * size);
}
