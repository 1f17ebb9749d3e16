const segmentBytes = 2 * 2 ** 20;
/** What of a process's segments are kept for those that come: new ones have V8 collect what is old, again and again. */
const keptSegments = 16;
const kept: ArrayBuffer[] = [];

/** A double is read where its address is a multiple of this. */
const alignment = 8;

/** Memory that is taken in small pieces and given back at once. */
export class Segments {
  readonly #segments: ArrayBuffer[] = [];
  #free = 0;

  /** Of any size; holds until `release`, and what is in it is of no meaning. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > segmentBytes / 4) return new Uint8Array(bytes);
    if (this.#segments.length === 0 || this.#free + bytes > segmentBytes) {
      this.#segments.push(kept.pop() ?? new ArrayBuffer(segmentBytes));
      this.#free = 0;
    }
    const room = new Uint8Array(this.#segments.at(-1) as ArrayBuffer, this.#free, bytes);
    this.#free += Math.ceil(bytes / alignment) * alignment;
    return room;
  }

  release(): void {
    kept.push(...this.#segments.splice(0, Math.max(0, keptSegments - kept.length)));
    this.#segments.length = 0;
    this.#free = 0;
  }
}
