/** Requests to a store that are under way at a time where each mostly waits. */
const requestsInFlight = 8;

/**
 * Runs so many of `lane` side by side. When one fails, the signal that all were given tells the others; they are waited
 * for, and then it throws what the first threw, or the reason of `signal`.
 */
export async function inLanes(
  lanes: number,
  signal: AbortSignal | undefined,
  lane: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const run = () => lane(stop).catch((error: unknown) => failed.abort(error));
  await Promise.all(Array.from({ length: lanes }, run));
  stop.throwIfAborted();
}

/**
 * `work` for every item, some at a time, with the results in the items' order. Nothing is begun behind the first failure,
 * or once `signal` has aborted; what is under way is waited for, and then it throws that.
 */
export async function mapInLanes<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = items.entries();
  await inLanes(Math.min(requestsInFlight, items.length), signal, async (stop) => {
    for (const [index, item] of left) {
      stop.throwIfAborted();
      results[index] = await work(item);
    }
  });
  return results;
}
