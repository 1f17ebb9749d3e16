import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Scope } from '../messages.js';
import type { Controls } from './controls.js';

/** A stop is no failure: everything has ended as asked, and the run reports what is done. */
export class RunStopped extends Error {}

/**
 * Runs `work` once nothing holds its subject; a hold with `now` cancels it and does it again later. Throws RunStopped
 * as soon as the run is to stop: before `work`, or with `now` in the middle of it.
 */
export async function unlessHeld<T>(controls: Controls, subject: Scope, work: () => Promise<T>): Promise<T> {
  const stopping = (): boolean => controls.state.stopping !== undefined;
  for (;;) {
    await condition(() => stopping() || controls.holdOf(subject) === undefined);
    if (stopping()) throw new RunStopped();
    const attempt = await untilHeldNow(controls, subject, work);
    if (attempt.ended) return attempt.value;
  }
}

async function untilHeldNow<T>(
  controls: Controls,
  subject: Scope,
  work: () => Promise<T>,
): Promise<{ readonly ended: true; readonly value: T } | { readonly ended: false }> {
  const working = new CancellationScope();
  const watching = new CancellationScope();
  let held = false;
  const watch = watching
    .run(() => condition(() => controls.holdOf(subject) === 'now'))
    .then(() => {
      held = true;
      working.cancel();
    })
    .catch(ignoreCancellation);
  try {
    return { ended: true, value: await working.run(work) };
  } catch (error) {
    if (held && isCancellation(error)) return { ended: false };
    throw error;
  } finally {
    watching.cancel();
    await watch;
  }
}

export function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
