import { setTimeout as delay } from 'node:timers/promises';
import { MigrationError } from '../errors.js';

/** Milliseconds of pauses that grow up to `longest`. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

/**
 * Pauses that double, spread so that those who were refused together do not come back together. Each call waits for the
 * next one; rejects with the signal's reason.
 */
export function growingPauses({ first, longest }: Pauses, signal?: AbortSignal): () => Promise<void> {
  let pause = first;
  return async () => {
    signal?.throwIfAborted();
    const milliseconds = pause * (0.75 + Math.random() / 2);
    pause = Math.min(pause * 2, longest);
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  };
}

const attempts = 8;

/** Asks again while the service does not answer or has no room for the question. Rethrows the last GLUE_UNAVAILABLE. */
export async function insist<T>(ask: () => Promise<T>, pauses: Pauses, signal?: AbortSignal): Promise<T> {
  const pause = growingPauses(pauses, signal);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const passing = error instanceof MigrationError && error.code === 'GLUE_UNAVAILABLE';
      if (!passing || attempt === attempts) throw error;
    }
    await pause();
  }
}
