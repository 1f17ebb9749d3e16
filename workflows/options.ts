import type { ActivityOptions } from '@temporalio/workflow';

/** Every timeout and retry policy of every workflow. */

export const taskQueue = 'migration';

/** A chunk child costs its parent 5 to 9 events; well below the server's suggestion to continue as new. */
export const maxHistoryEvents = 2_000;
export const chunkPageSize = 50;
/** The server bounds pending children at 2,000; a database stays far under it whatever is asked for. */
export const maxChunksInFlight = 200;
/** The largest limit that a server can be given; the category file's schema has the same. */
export const maxPerServer = 256;

const passing = {
  initialInterval: '2s',
  backoffCoefficient: 2,
  maximumInterval: '1m',
} as const;

/** Short look-ups and writes in the control tables. A lost worker must not cost the two minutes that a slow one may. */
export const controlOptions = {
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  // No attempt limit: a target that fails over for minutes must not end a run of days.
  scheduleToCloseTimeout: '24h',
  retry: passing,
} as const satisfies ActivityOptions;

/**
 * Checking what a run is opened with, before any side effect: somebody waits for the answer, and a host that is
 * mistyped never comes. A blip still passes; the first answer is there in seconds, in a minute where a host is silent.
 */
export const openOptions = {
  startToCloseTimeout: '12h',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
} as const satisfies ActivityOptions;

/** Planning: long on large sources, heartbeat by progress. */
export const planOptions = {
  startToCloseTimeout: '12h',
  heartbeatTimeout: '20s',
  retry: { ...passing, maximumAttempts: 4 },
} as const satisfies ActivityOptions;

/**
 * Steps that move bytes. The watchdog in the activity ends a step that stands still, not this timer. Heartbeats come
 * each second and no stretch of work keeps the event loop for long: ten missing mean a lost worker, whose chunks
 * hold their places under the limit until then. A false alarm costs one repeated step.
 */
export const stepOptions = {
  // Cancelled is only what has stopped writing.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '24h',
  heartbeatTimeout: '10s',
  // Some seven minutes: a fail-over or a reboot passes, and what does not parks the chunk.
  retry: { ...passing, maximumAttempts: 12 },
} as const satisfies ActivityOptions;

/** Building a large target table can take long; a wrong target cannot pass by itself. */
export const finalizeOptions = {
  startToCloseTimeout: '48h',
  heartbeatTimeout: '30s',
  retry: { ...passing, maximumAttempts: 4 },
} as const satisfies ActivityOptions;
