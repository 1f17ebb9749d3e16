import { CancelledFailure, Context, type Info, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { MigrationError } from '../engine/errors.js';

/** What an activity's work gets: a signal that ends it, and a way to say that it moves. */
export interface Step {
  /** Aborts on cancellation by Temporal and when the watchdog finds the step standing still. */
  readonly signal: AbortSignal;
  /** Rows, bytes, statements: anything that only grows while there is progress. */
  readonly advance: (by: number) => void;
  /** Says that the step waits its turn, for a time that has a bound of its own: no progress, and no stall. */
  readonly waiting: () => void;
  /** Sets how long the counter may stand still, once the run's configuration is known. */
  readonly stallAfter: (seconds: number) => void;
  /** Sets how long the work may take to end by itself once the signal has aborted; 5 s unless set. */
  readonly endsWithin: (seconds: number) => void;
  /** What all attempts of this activity have in common, and no other activity. */
  readonly identity: { readonly key: string; readonly since: Date };
}

const heartbeatMs = 1_000;
const defaultStallSeconds = 300;
/** For work to end by itself once it is told to. What waits for a look-up that is never answered does not hear of it. */
const defaultGraceSeconds = 5;

/**
 * Runs one activity: heartbeats each second with a progress counter, aborts when the counter stands still for
 * the run's stall time (so silence is never mistaken for death, nor a timer for life), leaves work that does not heed
 * that to itself, and turns every error into one
 * ApplicationFailure whose type is the engine's code. Causes stay behind: drivers put values of rows into them.
 */
export async function runStep<T>(work: (step: Step) => Promise<T>): Promise<T> {
  const context = Context.current();
  // Not AbortSignal.any: Node keeps what that gives for as long as somebody listens, and with it the whole activity.
  const stopping = new AbortController();
  const cancel = (): void => stopping.abort(context.cancellationSignal.reason);
  context.cancellationSignal.addEventListener('abort', cancel, { once: true });
  if (context.cancellationSignal.aborted) cancel();
  let progress = 0;
  let moved = performance.now();
  let stallSeconds = defaultStallSeconds;
  let graceSeconds = defaultGraceSeconds;
  const advance = (by: number): void => {
    progress += by;
    moved = performance.now();
  };
  const timer = setInterval(() => {
    context.heartbeat(progress);
    if (performance.now() - moved > stallSeconds * 1000) stopping.abort(stalled(stallSeconds));
  }, heartbeatMs);
  try {
    const { signal } = stopping;
    const working = work({
      signal,
      advance,
      waiting: () => {
        moved = performance.now();
      },
      stallAfter: (seconds) => {
        stallSeconds = seconds;
      },
      endsWithin: (seconds) => {
        graceSeconds = seconds;
      },
      identity: identityOf(context.info),
    });
    return await Promise.race([working, abandoned(signal, () => graceSeconds)]);
  } catch (error) {
    if (context.cancellationSignal.aborted) throw cancellation(context.cancellationSignal.reason);
    throw toFailure(stopping.signal.aborted ? stopping.signal.reason : error);
  } finally {
    clearInterval(timer);
    context.cancellationSignal.removeEventListener('abort', cancel);
  }
}

/** Rejects when work that was told to end has not done so; whatever it may still write is fenced by run and epoch. */
function abandoned(signal: AbortSignal, graceSeconds: () => number): Promise<never> {
  return new Promise((_, reject) => {
    const late = (): void => reject(signal.reason);
    signal.addEventListener('abort', () => void setTimeout(late, graceSeconds() * 1_000).unref(), {
      once: true,
    });
  });
}

function identityOf({ workflowExecution, activityId, scheduledTimestampMs }: Info): Step['identity'] {
  // Who runs no workflow has no other attempts either.
  const key = `${workflowExecution?.runId ?? 'alone'}-${activityId}`;
  return { key, since: new Date(scheduledTimestampMs) };
}

/** An aborted stream reports its own AbortError, which Temporal would count as a failure: the reason is the truth. */
function cancellation(reason: unknown): Error {
  return reason instanceof Error ? reason : new CancelledFailure('The step was cancelled.');
}

function stalled(seconds: number): MigrationError {
  return new MigrationError(
    'STALLED',
    `Nothing moved for ${seconds} s: the source, the bucket or the target does not answer. Raise "stall" in the category file if such silence is normal there.`,
  );
}

function toFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof MigrationError)
    return ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: !error.retryable,
    });
  const name = error instanceof Error ? error.name : typeof error;
  log.error(`${name} without a code`, { at: error instanceof Error ? framesOf(error) : [] });
  return ApplicationFailure.create({
    type: 'INTERNAL',
    message: `An error that the engine has no code for (${name}); the worker's log has its stack.`,
  });
}

/** Where it was thrown; the message stays out of the log, as a library may have put a value of a row into it. */
function framesOf(error: Error): readonly string[] {
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at '));
}
