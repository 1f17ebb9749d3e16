import { defineQuery, defineSignal } from '@temporalio/workflow';

/** Every message of every workflow. Names are what `temporal workflow signal --name` takes. */

export type Phase =
  | 'OPENING'
  | 'PLANNING'
  | 'PREPARING'
  | 'COPYING'
  | 'NEEDS_ATTENTION'
  | 'FINALIZING'
  | 'REPORTING'
  | 'ENDED';

export interface SetConcurrency {
  /** Chunks in flight on each source server; n >= 1. */
  readonly perServer?: number;
}
export interface RetryChunks {
  /** `<target>/<server>/<database>/<window>`; absent for all parked chunks. */
  readonly chunk?: string;
}
export interface SkipChunk {
  readonly chunk: string;
  readonly reason: string;
}

/** To migrateCategory, from operators. */
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const setConcurrencySignal = defineSignal<[SetConcurrency]>('setConcurrency');
export const retrySignal = defineSignal<[RetryChunks?]>('retry');
export const skipSignal = defineSignal<[SkipChunk]>('skip');

export interface CategoryStatus {
  readonly category: string;
  readonly phase: Phase;
  readonly paused: boolean;
  readonly perServer: number;
  readonly chunksPlanned: number;
  readonly rowsPlanned: number;
  /** Rows that the filters take and `input_partition` leaves out. */
  readonly rowsLeftOut: number;
  readonly chunksDone: number;
  readonly chunksParked: number;
  readonly rowsImported: number;
  readonly databasesRunning: number;
  readonly databasesLeft: number;
  /** Messages that could not be obeyed, newest last; at most ten. */
  readonly warnings: readonly string[];
}
export const statusQuery = defineQuery<CategoryStatus>('status');

/** From migrateCategory to migrateDatabase: how many chunks it may have in flight now. Absolute, so idempotent. */
export interface Allowance {
  readonly chunks: number;
  readonly paused: boolean;
}
export const allowanceSignal = defineSignal<[Allowance]>('allowance');

export const workflowIds = {
  category: (category: string): string => `migrate/${category}`,
  database: (category: string, database: DatabaseName): string =>
    `migrate/${category}/${database.target}/${database.server}/${database.database}`,
  chunk: (category: string, database: DatabaseName, window: string): string =>
    `${workflowIds.database(category, database)}/${window}`,
} as const;

export interface DatabaseName {
  readonly target: string;
  readonly server: string;
  readonly database: string;
}
