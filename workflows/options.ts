import type { ActivityOptions } from '@temporalio/workflow';

/** Every timeout and retry policy of every workflow. */

export const taskQueue = 'migration';
/**
 * Everything but the steps that move bytes: where these shared a queue, a few long ones (or guards, which watch for days)
 * would keep all slots of a worker, and no pause, retry or plan would come through.
 */
export const controlTaskQueue = 'migration-control';

/** A chunk child costs its parent 5 to 9 events; well below the server's suggestion to continue as new. */
export const maxHistoryEvents = 2_000;
export const chunkPageSize = 50;
/** The server bounds pending children at 2,000; a database stays far under it whatever is asked for. */
export const maxChunksInFlight = 200;
/** Chunks of a database that are loaded at a time, where no session at their source bounds them. */
export const maxChunksLoading = 12;
/** Databases beyond these begin when one has ended: to start and to end one costs the category some 16 events. */
export const maxDatabasesInFlight = 100;
/** Leaves room for 100 databases to end before the 4,096 events that no history should have. */
export const maxCategoryEvents = 2_800;
/** Chunks in flight for each that may be exported: one that leaves the source, and others in the steps behind. */
export const chunksPerPermit = 3;
/** How often a chunk, or a whole, begins at its source when parts vanish between two steps. */
export const maxRounds = 3;
/** The largest limit that a server can be given; the category file's schema has the same. */
export const maxPerServer = 256;
/** The largest limit of a category over all servers. */
export const maxTotal = 10_000;
/** The most parts that one chunk can be split into. */
export const maxParts = 100;

/** Milliseconds. */
export const gateTimes = {
  /** How often those who wait take turns with those who hold, where a limit is smaller than their number. */
  rotateMs: 30_000,
  /** How often members are looked after that could not say that they ended. */
  checkMs: 60_000,
  /** After a category has started anew: its last run's members are ending, or its first is making the control schema. */
  soonMs: 2_000,
  /** By then an activity of a terminated workflow has noticed, as it heartbeats each second, and cut its session. */
  graceMs: 10_000,
  /** After a guard that cannot be asked. */
  guardPauseMs: 60_000,
} as const;

/** More pauses than that at a time are a mistake. */
export const maxPauses = 100;

/** How often a lessee repeats to its gate what it wants and holds. */
export const reminderMs = 5 * 60_000;

/** How long the answer to `setConcurrency` waits for the gates, in milliseconds. */
export const gateAnswerMs = 3_000;

/** How often a running category reads its counters: often while people watch its start, seldom over days. */
export const progressTimes = { firstMs: 2_000, lastMs: 60_000, growth: 1.15 } as const;

const passing = {
  initialInterval: '2s',
  backoffCoefficient: 2,
  maximumInterval: '1m',
} as const;

/** Short look-ups and writes in the control tables. A lost worker must not cost the two minutes that a slow one may. */
export const controlOptions = {
  taskQueue: controlTaskQueue,
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  // No attempt limit: a target that fails over for minutes must not end a run of days.
  scheduleToCloseTimeout: '24h',
  retry: passing,
} as const satisfies ActivityOptions;

/** Taking the rows of chunks out of the stage: as long as the server is at it. */
export const resolveOptions = {
  ...controlOptions,
  startToCloseTimeout: '12h',
} as const satisfies ActivityOptions;

/** A split that meets an import of its chunk: whoever asked ends that, rather than to wait for its end. */
export const splitOptions = {
  ...resolveOptions,
  retry: { ...passing, nonRetryableErrorTypes: ['TARGET_BUSY'] },
} as const satisfies ActivityOptions;

/**
 * Checking what a run is opened with, before any side effect: somebody waits for the answer, and a host that is
 * mistyped never comes. A blip still passes; the first answer is there in seconds, in a minute where a host is silent.
 */
export const openOptions = {
  taskQueue: controlTaskQueue,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '12h',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
} as const satisfies ActivityOptions;

/** Planning: long on large sources, heartbeat by progress. */
export const planOptions = {
  taskQueue: controlTaskQueue,
  // A cancelled plan still has its session at the source for a moment, and its permit until then.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
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

/** As a step, of many chunks at once. */
export const wholeOptions = {
  ...stepOptions,
  startToCloseTimeout: '7d',
} as const satisfies ActivityOptions;

/** Building a large target table can take long; a wrong target cannot pass by itself. */
export const finalizeOptions = {
  taskQueue: controlTaskQueue,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '48h',
  heartbeatTimeout: '30s',
  retry: { ...passing, maximumAttempts: 4 },
} as const satisfies ActivityOptions;

/** A guard's watch runs for as long as nothing changes. */
export const watchOptions = {
  taskQueue: controlTaskQueue,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '7d',
  heartbeatTimeout: '10s',
  retry: { ...passing, maximumAttempts: 5 },
} as const satisfies ActivityOptions;

/** A page of a clean-up: minutes, by the number of objects. It waits for a bucket that does not answer, and is in no hurry. */
export const cleanUpOptions = {
  taskQueue: controlTaskQueue,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '12h',
  heartbeatTimeout: '20s',
  retry: { ...passing, maximumAttempts: 12 },
} as const satisfies ActivityOptions;
