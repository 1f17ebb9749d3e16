import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Scope } from '../messages.js';
import type { Controls } from './controls.js';

/** A stop is no failure: everything has ended as asked, and the run reports what is done. */
export class RunStopped extends Error {}

/**
 * Runs `work` once nothing holds its subject; a hold with `now` cancels it and does it again later, and so does any hold
 * until `work` says that it has begun (it may wait for a session that never comes). Throws RunStopped as soon as the run
 * is to stop.
 */
export async function unlessHeld<T>(
  controls: Controls,
  subject: Scope,
  work: (begin: () => void) => Promise<T>,
): Promise<T> {
  const stopping = (): boolean => controls.state.stopping !== undefined;
  for (;;) {
    await condition(() => stopping() || controls.holdOf(subject) === undefined);
    if (stopping()) throw new RunStopped();
    const attempt = await untilHeld(controls, subject, work);
    if (attempt.ended) return attempt.value;
  }
}

/** Work that has nothing to wait for. */
export function atOnce<T>(work: () => Promise<T>): (begin: () => void) => Promise<T> {
  return (begin) => {
    begin();
    return work();
  };
}

async function untilHeld<T>(
  controls: Controls,
  subject: Scope,
  work: (begin: () => void) => Promise<T>,
): Promise<{ readonly ended: true; readonly value: T } | { readonly ended: false }> {
  const working = new CancellationScope();
  const watching = new CancellationScope();
  let begun = false;
  let held = false;
  const mustEnd = (): boolean => {
    const hold = controls.holdOf(subject);
    return begun ? hold === 'now' : hold !== undefined;
  };
  const watch = watching
    .run(() => condition(mustEnd))
    .then(() => {
      held = true;
      working.cancel();
    })
    .catch(ignoreCancellation);
  try {
    const begin = (): void => {
      begun = true;
    };
    return { ended: true, value: await working.run(() => work(begin)) };
  } catch (error) {
    // However it ended while it was being cancelled: it is done again. A cancelled run ends for all that.
    if (held && !CancellationScope.current().consideredCancelled) return { ended: false };
    throw error;
  } finally {
    watching.cancel();
    await watch;
  }
}

export function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
