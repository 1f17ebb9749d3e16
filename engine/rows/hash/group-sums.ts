import type { SetChecksum } from '../types.js';

const two32 = 2 ** 32;

/** Set checksums of many disjoint groups of rows, by number, out of the hashes of single rows. */
export class GroupSums {
  readonly #rows: Float64Array;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;

  constructor(groups: number) {
    this.#rows = new Float64Array(groups);
    this.#high = new Uint32Array(groups);
    this.#low = new Uint32Array(groups);
  }

  add(group: number, high: number, low: number): void {
    const sum = (this.#low[group] as number) + low;
    this.#low[group] = sum;
    // What is stored in 32 bits is taken modulo 2^32.
    this.#high[group] = (this.#high[group] as number) + high + (sum >= two32 ? 1 : 0);
    this.#rows[group] = (this.#rows[group] as number) + 1;
  }

  value(group: number): SetChecksum {
    const sum = (BigInt(this.#high[group] ?? 0) << 32n) | BigInt(this.#low[group] ?? 0);
    return { rows: this.#rows[group] ?? 0, sum: sum.toString(16).padStart(16, '0') };
  }
}
