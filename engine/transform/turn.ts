const tickMs = 1_000;

/** Lets one piece of work run at a time, in the order in which they came. */
export class Turn {
  /** Resolves when all that have come are done. */
  #free: Promise<void> = Promise.resolve();

  /**
   * Gives what `work` gives. `waiting` hears each second that it has not begun yet; once `signal` aborts it never does,
   * and this throws the signal's reason at once.
   */
  of<T>(work: () => Promise<T>, signal: AbortSignal, waiting?: () => void): Promise<T> {
    const before = this.#free;
    const turn = begun(before, signal, waiting).then(work);
    // Who gives up waiting lets nobody pass whoever is still at work.
    this.#free = Promise.allSettled([before, turn]).then(() => undefined);
    return turn;
  }
}

function begun(before: Promise<void>, signal: AbortSignal, waiting?: () => void): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const ticking = setInterval(() => waiting?.(), tickMs);
  return new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    void before.then(() => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) abort();
      else resolve();
    });
  }).finally(() => clearInterval(ticking));
}
