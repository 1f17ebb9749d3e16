import type { Window } from '../../plan/windows.js';

export type RunState = 'RUNNING' | 'NEEDS_ATTENTION' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'STOPPED';
export type ChunkState = 'PENDING' | 'DONE' | 'NEEDS_ATTENTION' | 'SKIPPED' | 'SPLIT';

/** Where chunks belong: one database of one target in one run. */
export interface ChunkScope {
  readonly runId: string;
  readonly category: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
}

/** Rows by `schema.table` of the source. */
export type RowsPlanned = Readonly<Record<string, number>>;

export interface PlannedChunk {
  readonly window: Window;
  readonly ordinal: number;
  readonly fingerprint: string;
  readonly rowsPlanned: RowsPlanned;
}

export interface Chunk extends PlannedChunk, Omit<ChunkScope, 'runId'> {
  readonly chunkId: string;
  /** The last run that planned it; absent when that run planned anew without it. */
  readonly runId?: string;
  readonly state: ChunkState;
  /** Raised when the chunk must begin at its source again. */
  readonly epoch: number;
  readonly cause?: { readonly code: string; readonly message: string };
}

/** A change of a run's configuration while it was under way. */
export interface Reload {
  /** Who asked for it: a repeated attempt finds it by this. */
  readonly request: string;
  /** ISO instant in UTC. */
  readonly at: string;
  readonly fields: readonly string[];
}

export interface Run {
  readonly runId: string;
  readonly category: string;
  readonly jobMode: string;
  readonly inputPartition?: string;
  /** As it was given to insertRun, or by the last reload; no secrets. */
  readonly config: unknown;
  readonly reloads: readonly Reload[];
  readonly state: RunState;
  /** ISO instants in UTC. */
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly report?: string;
  readonly failure?: string;
}
