/**
 * What workflows may ask for. Ids and counters only: plans, boundaries and column lists stay in the control
 * tables and manifests (invariant 4). Every activity is idempotent.
 */
export interface Activities {
  /** Loads and validates everything, with no side effect but the run's row in the control schema. */
  openRun(input: OpenRunInput): Promise<RunSummary>;
  /** Windows, counts and chunk rows of one database of one target. */
  planDatabase(input: DatabaseRef): Promise<PlanSummary>;
  /** Stage tables, monthly children, and in `restart` the removal; once, before any chunk starts. */
  prepareTargets(input: RunRef): Promise<RemovalSummary>;
  /** The next pending chunks after `afterOrdinal`, in order. */
  listChunks(input: ListChunksInput): Promise<ChunkPage>;
  exportChunk(input: ChunkRef): Promise<StepResult>;
  transformChunk(input: ChunkRef): Promise<StepResult>;
  importChunk(input: ChunkRef): Promise<StepResult>;
  checksumChunk(input: ChunkRef): Promise<StepResult>;
  parkChunk(input: ChunkRef & { readonly code: string; readonly message: string }): Promise<void>;
  /** Sends parked chunks back to the start, or gives them up; what was sent back is found by listChunks. */
  resolveParked(input: ResolveParkedInput): Promise<ParkedSummary>;
  finalizeTarget(input: RunRef & { readonly target: string }): Promise<StepResult>;
  writeReport(
    input: RunRef & { readonly state: RunState; readonly failure?: string },
  ): Promise<ReportSummary>;
}

export type RunState = 'RUNNING' | 'NEEDS_ATTENTION' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

export interface RunRef {
  /** Temporal run id of the category's first execution: one run of one category. */
  readonly runId: string;
}
export interface OpenRunInput extends RunRef {
  readonly category: string;
  readonly jobMode?: string;
  readonly inputPartition?: string;
}
export interface DatabaseRef extends RunRef {
  readonly target: string;
  readonly server: string;
  readonly database: string;
}
export interface ChunkRef extends RunRef {
  /** control.chunk.chunk_id; a string, as it is a bigint. */
  readonly chunkId: string;
}
export interface RunSummary {
  readonly databases: readonly {
    readonly target: string;
    readonly server: string;
    readonly database: string;
  }[];
  readonly targets: readonly string[];
  readonly perServer: number;
  readonly attentionWaitSeconds: number;
  readonly finalize: boolean;
}
export interface PlanSummary {
  readonly chunks: number;
  readonly done: number;
  readonly rows: number;
  /** Rows that the filter takes and `input_partition` leaves out. */
  readonly rowsLeftOut: number;
}
export interface RemovalSummary {
  readonly rowsRemoved: number;
}
export interface ListChunksInput extends DatabaseRef {
  readonly afterOrdinal: number;
  readonly limit: number;
}
export interface ChunkPage {
  readonly chunks: readonly { readonly chunkId: string; readonly ordinal: number; readonly window: string }[];
}
export interface ResolveParkedInput extends RunRef {
  readonly action: 'retry' | 'skip';
  /** `<target>/<server>/<database>/<window>`; absent for all that are parked. */
  readonly chunk?: string;
  readonly reason?: string;
}
export interface ParkedSummary {
  /** How many parked chunks the call changed; 0 where none matched. */
  readonly resolved: number;
  /** How many are parked now. */
  readonly parked: number;
  /** Databases that have pending chunks again. */
  readonly databases: readonly {
    readonly target: string;
    readonly server: string;
    readonly database: string;
  }[];
}
export interface StepResult {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  /** True where an earlier attempt's or run's result was found valid and nothing was done again. */
  readonly reused: boolean;
}
export interface ReportSummary {
  readonly report: string;
  readonly rows: number;
  readonly chunksDone: number;
  readonly chunksParked: number;
  readonly chunksSkipped: number;
}
