import type { ChunkPage, Route } from '../../activities/contract.js';
import { chunkPageSize } from '../options.js';

export interface Chunk {
  readonly chunkId: string;
  readonly ordinal: number;
  readonly window: string;
  readonly route: Route;
}

type ListChunks = (after: { readonly afterOrdinal: number; readonly limit: number }) => Promise<ChunkPage>;

/** Pages through a database's pending chunks in the order of the plan; never holds more than a page. */
export class PendingChunks {
  #page: readonly Chunk[] = [];
  #exhausted = false;
  #onePass = false;
  /** Raised whenever what was read, or is being read, may lack a chunk. */
  #generation = 0;

  constructor(
    private readonly listChunks: ListChunks,
    private afterOrdinal: number,
  ) {}

  /** Where a new execution goes on. */
  get cursor(): number {
    return this.afterOrdinal;
  }

  /** Whether there are, or may be, chunks that were not taken. */
  get left(): boolean {
    return !this.#exhausted || this.#page.length > 0;
  }

  /** How many are known to be left; undefined where nobody has looked to the end. */
  get known(): number | undefined {
    return this.#exhausted ? this.#page.length : undefined;
  }

  /** Whether the windows of what was read are to be read at once, before the first chunk. */
  get onePass(): boolean {
    return this.#onePass;
  }

  get ready(): boolean {
    return this.#page.length > 0;
  }

  /** Reads a page where none is ready; `inFlight` are pending still in the control table. */
  async read(inFlight: Iterable<string>): Promise<void> {
    if (this.#page.length > 0 || this.#exhausted) return;
    // What ends while the list is on its way is in it.
    const excluded = new Set(inFlight);
    const generation = this.#generation;
    const limit = chunkPageSize + excluded.size;
    const { chunks, route, onePass } = await this.listChunks({ afterOrdinal: this.afterOrdinal, limit });
    // A chunk has come back meanwhile, that this list may lack.
    if (this.#generation !== generation) return;
    this.#onePass = onePass === true;
    this.#page = chunks
      .filter(({ chunkId }) => !excluded.has(chunkId))
      .slice(0, chunkPageSize)
      .map((chunk) => ({ ...chunk, route }));
    this.#exhausted = chunks.length < limit;
  }

  take(): Chunk | undefined {
    const [next, ...rest] = this.#page;
    if (next === undefined) return undefined;
    this.#page = rest;
    this.afterOrdinal = next.ordinal;
    return next;
  }

  /** Looks again at all behind an ordinal: something there is pending once more. */
  lookAgain(afterOrdinal: number): void {
    this.afterOrdinal = Math.min(this.afterOrdinal, afterOrdinal);
    this.#page = [];
    this.#exhausted = false;
    this.#generation += 1;
  }
}
