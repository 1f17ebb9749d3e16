import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

export interface Cause {
  readonly code: string;
  readonly message: string;
}

/** The code and message at the bottom of what ended an activity or a child. */
export function causeOf(error: unknown): Cause {
  let cause: unknown = error;
  while ((cause instanceof ChildWorkflowFailure || cause instanceof ActivityFailure) && cause.cause)
    cause = cause.cause;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'INTERNAL', message: cause.message };
  if (cause instanceof TimeoutFailure) return { code: 'STALLED', message: `Timed out: ${cause.message}` };
  if (cause instanceof CancelledFailure)
    return { code: 'CANCELLED', message: 'The chunk was cancelled by hand.' };
  if (cause instanceof TerminatedFailure)
    return { code: 'TERMINATED', message: 'The chunk was terminated by hand.' };
  return { code: 'INTERNAL', message: cause instanceof Error ? cause.message : String(cause) };
}
