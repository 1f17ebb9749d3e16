/** Messages of the worker's log that alarms count; deploy/infra makes its metric filters of them. */
export const logLines = {
  chunkParked: 'chunk parked',
  runFailed: 'run failed',
  /** Temporal's SDK writes it for each attempt of a step that failed; the step is tried again. */
  attemptFailed: 'Activity failed',
} as const;
