import type { JobRunState } from '@aws-sdk/client-glue';

/** `alive`: will change by itself. `unknown`: a state that this version has never heard of. */
export type Fate = 'alive' | 'succeeded' | 'failed' | 'stopped' | 'unknown';

interface State {
  readonly fate: Fate;
  /** Of those that are no success: what to do next. */
  readonly advice?: string;
}

const states = {
  STARTING: { fate: 'alive' },
  WAITING: { fate: 'alive' },
  RUNNING: { fate: 'alive' },
  STOPPING: { fate: 'alive' },
  SUCCEEDED: { fate: 'succeeded' },
  STOPPED: { fate: 'stopped', advice: 'Somebody has stopped it: it is started again.' },
  FAILED: { fate: 'failed', advice: 'Look at the end of its log.' },
  TIMEOUT: {
    fate: 'failed',
    advice: 'Raise "glue.timeoutMinutes" or "glue.workers" in the category file, or cut smaller chunks.',
  },
  ERROR: { fate: 'failed', advice: "Glue itself had trouble: look at the region's health." },
  EXPIRED: {
    fate: 'failed',
    advice: 'It waited too long for capacity: lower concurrency, or have the quota of DPUs raised.',
  },
} as const satisfies Record<JobRunState, State>;

/** What has become of a run that Glue reports in this state. */
export function fateOf(state: string): Fate {
  return lookUp(state)?.fate ?? 'unknown';
}

/** What to do about a run that ended, or stays, in this state. */
export function adviceFor(state: string): string {
  const known = lookUp(state);
  return known === undefined
    ? "This version does not know that state: look at the run in Glue's console, and update the engine."
    : (known.advice ?? '');
}

function lookUp(state: string): State | undefined {
  return Object.hasOwn(states, state) ? states[state as JobRunState] : undefined;
}
