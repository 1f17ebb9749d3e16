/**
 * Every cause the engine can name. `retry: true` means it may pass by itself; anything else parks the chunk
 * (or fails the plan) at once. docs/errors.md lists the same codes for operators; a test keeps both in step.
 */
export const errorCodes = {
  CONFIG_INVALID: { retry: false },
  CONFIG_NOT_JSON: { retry: false },
  CATEGORY_UNKNOWN: { retry: false },
  WORKFLOW_ID: { retry: false },
  SECRET_MISSING: { retry: false },
  AWS_ACCESS: { retry: false },
  AWS_UNAVAILABLE: { retry: true },
  RELOAD_REFUSED: { retry: false },
  FILTER_INVALID: { retry: false },
  SOURCE_UNREACHABLE: { retry: true },
  SOURCE_LOGIN: { retry: false },
  SOURCE_DATABASE: { retry: false },
  SOURCE_OBJECT: { retry: false },
  SOURCE_PERMISSION: { retry: false },
  SOURCE_TYPE: { retry: false },
  SOURCE_HIDDEN_DATA: { retry: false },
  SOURCE_SNAPSHOT: { retry: false },
  SOURCE_SNAPSHOT_LOST: { retry: true },
  SOURCE_SCAN: { retry: false },
  SOURCE_TIMEOUT: { retry: true },
  SOURCE_DEADLOCK: { retry: true },
  SOURCE_CHANGED: { retry: false },
  SOURCE_THROTTLED: { retry: true },
  SOURCE_BUSY: { retry: true },
  SOURCE_CONNECTION: { retry: true },
  SOURCE_CONVERSION: { retry: false },
  WIRE_PROTOCOL: { retry: false },
  SOURCE_QUERY: { retry: false },
  TLS_VERIFICATION: { retry: false },
  PLAN_INCOMPLETE: { retry: true },
  PLAN_TOO_LARGE: { retry: false },
  PLAN_OVERLAP: { retry: false },
  STORAGE_ACCESS: { retry: false },
  STORAGE_IO: { retry: true },
  STORAGE_THROTTLED: { retry: true },
  PARTS_GONE: { retry: false },
  STORAGE_CONFLICT: { retry: false },
  TRANSFORM_INVALID: { retry: false },
  TRANSFORM_FAILED: { retry: false },
  MEMORY_FULL: { retry: false },
  GLUE_ACCESS: { retry: false },
  GLUE_JOB: { retry: false },
  GLUE_RUN: { retry: true },
  GLUE_RUNS_SPENT: { retry: false },
  GLUE_UNAVAILABLE: { retry: true },
  JOIN_COLLATION: { retry: false },
  JOIN_FANOUT: { retry: false },
  CHECKSUM_EXPORT: { retry: false },
  CHECKSUM_TRANSFORM: { retry: false },
  CHECKSUM_STAGE: { retry: false },
  CHECKSUM_TARGET: { retry: false },
  STAGE_INCOMPLETE: { retry: false },
  VALUE_UNREPRESENTABLE: { retry: false },
  TARGET_UNREACHABLE: { retry: true },
  TARGET_LOGIN: { retry: false },
  TARGET_PERMISSION: { retry: false },
  TARGET_SHAPE: { retry: false },
  TARGET_CONNECTION: { retry: true },
  TARGET_READ_ONLY: { retry: true },
  TARGET_BUSY: { retry: true },
  TARGET_CONSTRAINT: { retry: false },
  TARGET_QUERY: { retry: false },
  TARGET_KEY_COLLISION: { retry: false },
  TARGET_DEPENDENTS: { retry: false },
  DISK_FULL: { retry: true },
  STALLED: { retry: true },
  SUPERSEDED: { retry: false },
  CHUNK_UNKNOWN: { retry: false },
  CHUNK_UNSPLITTABLE: { retry: false },
  CHUNKS_NEED_ATTENTION: { retry: false },
  INTERNAL: { retry: true },
} as const satisfies Record<string, { readonly retry: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/**
 * The one error the engine throws on purpose. The message names what is wrong and what to do next; it never
 * holds a secret or a value of a row.
 */
export class MigrationError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'MigrationError';
  }

  get retryable(): boolean {
    return errorCodes[this.code].retry;
  }
}

/** Runs `work`; a MigrationError of it says first what it was about, where the one who threw could not know. */
export async function about<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new MigrationError(error.code, `${what}: ${error.message}`, { cause: error.cause });
  }
}
