import type { ColumnBatch } from './column-batch.js';

/** What `push` rejects with once nobody takes batches any more. */
export class NobodyTakes extends Error {}

/**
 * Turns batches that are pushed into batches that are asked for, one at a time: `push` settles when the taker is done
 * with the batch, which is when it asks for the next one or leaves.
 */
export class BatchHandoff {
  #offered: ColumnBatch | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #left = false;
  #wakeTaker: () => void = () => undefined;
  #release: () => void = () => undefined;

  /** Rejects with `NobodyTakes` when the taker has left. One call at a time. */
  async push(batch: ColumnBatch): Promise<void> {
    if (!this.#left) {
      this.#offered = batch;
      this.#wakeTaker();
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    }
    if (this.#left) throw new NobodyTakes();
  }

  /** After the last batch. */
  end(): void {
    this.#ended = true;
    this.#wakeTaker();
  }

  /** Has the taker fail with `error` instead of getting another batch. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wakeTaker();
  }

  /** The batches, once. Each is valid until the next is asked for. */
  async *batches(): AsyncGenerator<ColumnBatch, void> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#offered !== undefined) {
          yield this.#offered;
          this.#offered = undefined;
          this.#release();
          continue;
        }
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wakeTaker = resolve;
        });
      }
    } finally {
      this.#left = true;
      this.#release();
    }
  }
}
