/**
 * What workflows may ask for. Ids and counters only: plans, boundaries and column lists stay in the control
 * tables and manifests (invariant 4). Every activity is idempotent.
 */
export interface Activities {
  /** Loads and validates the files alone: what the run will read, and under which limits. */
  describeRun(input: OpenRunInput): Promise<RunSummary>;
  /** Loads and validates everything, with no side effect but the run's row in the control schema. */
  openRun(input: OpenRunInput): Promise<RunSummary>;
  /**
   * Loads the configuration anew for a run that is under way. Throws RELOAD_REFUSED, with nothing changed, where that
   * would change what the run brings.
   */
  reloadRun(input: ReloadRunInput): Promise<ReloadedRun>;
  /** Windows, counts and chunk rows of one database of one target. */
  planDatabase(input: DatabaseRef): Promise<PlanSummary>;
  /** Stage tables, monthly children, and in `restart` the removal; once, before any chunk starts. */
  prepareTargets(input: RunRef): Promise<RemovalSummary>;
  /** The next pending chunks after `afterOrdinal`, in order. */
  listChunks(input: ListChunksInput): Promise<ChunkPage>;
  /** Where no source table has a row the chunk is DONE with it. */
  exportChunk(input: ChunkRef): Promise<StepResult>;
  /** Export and import at once, without resting in a bucket: the route `direct`. */
  copyChunk(input: ChunkRef): Promise<StepResult>;
  transformChunk(input: ChunkRef): Promise<StepResult>;
  importChunk(input: ChunkRef): Promise<StepResult>;
  checksumChunk(input: ChunkRef): Promise<StepResult>;
  /** Transforms all chunks of a target at once, over all databases or in one; finds what is transformed already. */
  transformWhole(input: WholeRef): Promise<WholeResult>;
  /** Parks every pending chunk of a whole that cannot be transformed; how many these were. */
  parkWhole(input: WholeRef & { readonly code: string; readonly message: string }): Promise<number>;
  /** With chunk.onePass, before the database's chunks: begins one reading for all windows, or goes on with it. */
  openScan(input: DatabaseRef): Promise<ScanPage>;
  /** Reads one range of it. */
  scanRange(input: RangeRef): Promise<StepResult>;
  /** Makes what was read the raw parts of the windows, once all ranges are read. */
  publishScan(input: DatabaseRef): Promise<ScanResult>;
  /** Parks the chunks that the scan was to read. `again`: what was read is of no use. */
  parkScan(
    input: DatabaseRef & { readonly code: string; readonly message: string; readonly again: boolean },
  ): Promise<void>;
  parkChunk(input: ChunkRef & { readonly code: string; readonly message: string }): Promise<void>;
  /**
   * Sends parked chunks back to the start (in `parts`, where given), or gives them up; what was sent back is found by
   * listChunks. Throws CHUNK_UNKNOWN where nothing that was named can be resolved.
   */
  resolveParked(input: ResolveParkedInput): Promise<ParkedSummary>;
  /** Totals of a run out of the control tables; small whatever the size of the run. */
  readProgress(input: RunRef): Promise<RunProgress>;
  /** Watches a server by its guard's probe; returns when the limit should change. Runs as long as nothing does. */
  watchSource(input: WatchSourceInput): Promise<GuardVerdict>;
  /** Keeps a server's present limit where exports find how many of its application locks there are. */
  recordSourceLimit(input: {
    readonly endpoint: string;
    readonly limit: number;
    /** An operator's word. What files say is known to each run, and only corrects what is kept. */
    readonly set: boolean;
  }): Promise<{
    /** False while the control schema is not there that an operator's word has to be kept in. */
    readonly kept: boolean;
  }>;
  /** Which of these workflow executions have ended. */
  listEnded(input: {
    readonly members: readonly MemberRef[];
  }): Promise<{ readonly ended: readonly string[] }>;
  /** Whether a category must not run at this moment, by its allowed hours; false where it has none. */
  outsideAllowedHours(input: { readonly category: string }): Promise<AllowedHours>;
  /** Signals a workflow, and starts it first where it does not run. */
  signalWithStart(input: SignalWithStartInput): Promise<void>;
  finalizeTarget(input: RunRef & { readonly target: string }): Promise<StepResult>;
  writeReport(
    input: RunRef & { readonly state: RunState; readonly failure?: string },
  ): Promise<ReportSummary>;
}

export type RunState = 'RUNNING' | 'NEEDS_ATTENTION' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'STOPPED';

export interface RunRef {
  /** Temporal run id of the category's first execution: one run of one category. */
  readonly runId: string;
}
export interface OpenRunInput extends RunRef {
  readonly category: string;
  readonly jobMode?: string;
  readonly inputPartition?: string;
}
interface ReloadRunInput extends OpenRunInput {
  /** The same for every attempt at one reload. */
  readonly request: string;
}
interface ReloadedRun {
  /** Those that take effect, as users know them; none where nothing had changed. */
  readonly fields: readonly string[];
  /** How many reloads have changed the run by now. */
  readonly revision: number;
  readonly summary: RunSummary;
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
/** The chunks that are transformed at once: of one database, or without one of a target over all databases. */
export interface WholeId {
  readonly target: string;
  readonly server?: string;
  readonly database?: string;
}
export interface WholeRef extends RunRef, WholeId {}
export interface WholeResult {
  /**
   * `transformed`: its pending chunks can be loaded. `unexported`: some chunks have to be exported first. `parked`: some
   * wait for an operator.
   */
  readonly state: 'transformed' | 'unexported' | 'parked';
  /** Chunks that are to be loaded. */
  readonly pending: number;
  /** Skipped chunks, whose rows take no part. */
  readonly skipped: number;
}
/** What a run is about, as its files say. */
export interface RunSummary {
  readonly servers: readonly ServerOutline[];
  readonly databases: readonly DatabaseId[];
  readonly targets: readonly string[];
  /** Targets whose chunks are transformed as a whole, and how wide that is. */
  readonly wholes: Readonly<Record<string, 'database' | 'category'>>;
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
  /** Rows in the stage, and so in the target, of windows that this run does not plan; inside of `input_partition` only. */
  readonly rowsOutsidePlan: number;
}
export interface ListChunksInput extends DatabaseRef {
  readonly pass: Pass;
  readonly afterOrdinal: number;
  readonly limit: number;
}
/**
 * How a target's chunks get from source to stage: `transform` through raw and transformed parts, `plain` through raw
 * parts alone where there is no transform, `direct` without resting in a bucket. Where a whole is transformed at once:
 * `export` up to the raw parts, `load` from the transformed ones on.
 */
export type Route = 'transform' | 'plain' | 'direct' | 'export' | 'load';
/**
 * What a pass over a database's chunks is for: `all` of their steps; or, where many of them are transformed as a whole,
 * `export` before that and `load` after it.
 */
export type Pass = 'all' | 'export' | 'load';
export interface ChunkPage {
  readonly route: Route;
  /** The database's windows are read at once, before its chunks begin. */
  readonly onePass?: true;
  readonly chunks: readonly { readonly chunkId: string; readonly ordinal: number; readonly window: string }[];
}
export interface RangeRef extends RunRef {
  /** control.scan_range.range_id. */
  readonly rangeId: string;
}
export interface ScanPage {
  /** False where the chunks go their own way: their parts are there, or a scan would read no less than they do. */
  readonly open: boolean;
  /** All ranges, those that are read already included. */
  readonly of: number;
  /** Those that are left, in order; `name` has table and number. */
  readonly ranges: readonly { readonly rangeId: string; readonly name: string }[];
}
export interface ScanResult {
  readonly windows: number;
  readonly rows: number;
}
export interface ResolveParkedInput extends RunRef {
  readonly action: 'retry' | 'skip';
  /** `<target>/<server>/<database>/<window>`. */
  readonly chunk?: string;
  /** All parked chunks that match; `{}` for all. Either this or `chunk`. */
  readonly where?: ChunkFilter;
  readonly reason?: string;
  /** Splits the chunk into this many; then it may also be pending or running. */
  readonly parts?: number;
}
export interface ChunkFilter {
  readonly target?: string;
  readonly server?: string;
  readonly database?: string;
  /** The code that parked them. */
  readonly code?: string;
}
export interface ParkedSummary {
  /** How many chunks the call changed; 0 where all of them were resolved already. */
  readonly resolved: number;
  /** How many are parked now. */
  readonly parked: number;
  /** Databases that have pending chunks again. */
  readonly databases: readonly DatabaseId[];
}
export interface DatabaseId {
  readonly target: string;
  readonly server: string;
  readonly database: string;
}
export interface ServerOutline {
  /** Alias of the mappings. */
  readonly server: string;
  /** `host:port`: two aliases of one server share its limit. */
  readonly endpoint: string;
  /** Sessions, the guard's own included. */
  readonly limit: number;
  readonly guard?: GuardPolicy;
}
/** How a server's guard is asked and what follows; the probe itself stays in the run's configuration. */
export interface GuardPolicy {
  /** A number of the probe above which the limit shrinks. */
  readonly threshold: number;
  /** Below which it grows back; at most `threshold`. */
  readonly recover: number;
  readonly everySeconds: number;
  /** Another one where the guard's query is another one. */
  readonly probe: string;
}
export interface WatchSourceInput extends RunRef {
  readonly server: string;
  /** Whether the limit is below what was set, so that calm is news too. */
  readonly reduced: boolean;
}
export interface GuardVerdict {
  readonly verdict: 'shrink' | 'grow';
  readonly value: number;
  /** For operators: the probe's name, its value and the threshold. */
  readonly cause: string;
}
interface SignalWithStartInput {
  readonly taskQueue: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly signal: string;
  readonly signalArgs: readonly unknown[];
}
export interface MemberRef {
  readonly workflowId: string;
  /** Run id of the first execution of its chain. */
  readonly firstRunId: string;
}
export interface AllowedHours {
  readonly outside: boolean;
  /** How a run is paused outside of them. */
  readonly mode: 'drain' | 'now';
}
/** Absolute numbers, all of them from the control tables. */
export interface RunProgress {
  readonly chunks: ChunkCounts;
  readonly rowsPlanned: number;
  /** Planned rows of the chunks that are done or skipped, so that what is left can be estimated. */
  readonly rowsDone: number;
  readonly servers: readonly ServerProgress[];
  /** Of the databases whose windows are being read at once; absent where there are none. */
  readonly scans?: ScanProgress;
  /** The first ten. */
  readonly parked: readonly ParkedChunk[];
  /** Chunks under way for much longer than the median takes; the first five. */
  readonly slow: readonly {
    readonly chunk: string;
    readonly seconds: number;
    readonly medianSeconds: number;
  }[];
}
export interface ScanProgress {
  readonly ranges: number;
  readonly read: number;
  /** Of the ranges that are read. */
  readonly rows: number;
}
export interface ChunkCounts {
  readonly planned: number;
  readonly done: number;
  readonly parked: number;
  readonly skipped: number;
}
export interface ServerProgress {
  readonly server: string;
  readonly chunks: ChunkCounts;
  /** What this run did, step by step; found-done work counts too. */
  readonly steps: Readonly<
    Record<StepName, { readonly chunks: number; readonly rows: number; readonly bytes: number }>
  >;
}
export type StepName = 'export' | 'transform' | 'import' | 'checksum';
export interface ParkedChunk {
  /** `<target>/<server>/<database>/<window>`. */
  readonly chunk: string;
  readonly code: string;
  readonly message: string;
}
export interface StepResult {
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  /** True where an earlier attempt's or run's result was found valid and nothing was done again. */
  readonly reused: boolean;
}
export interface ReportSummary {
  readonly state: RunState;
  readonly report: string;
  /** In the stage. */
  readonly rows: number;
  /** Left out of the target by policy; their files are in the report. */
  readonly rowsQuarantined: number;
  readonly chunksDone: number;
  readonly chunksParked: number;
  readonly chunksSkipped: number;
}
