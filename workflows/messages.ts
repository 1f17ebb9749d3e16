import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  ChunkCounts,
  ChunkFilter,
  DatabaseId,
  GuardPolicy,
  MemberRef,
  ParkedChunk,
  RunProgress,
  ScanProgress,
  ServerProgress,
  StepName,
} from '../activities/contract.js';

/** Every message of every workflow. Names are what `temporal workflow signal --name` and `update --name` take. */

export type Phase =
  | 'OPENING'
  | 'PLANNING'
  | 'PREPARING'
  | 'COPYING'
  | 'NEEDS_ATTENTION'
  | 'FINALIZING'
  | 'REPORTING'
  | 'ENDED';

/** `drain`: no new chunk or step starts, running steps finish. `now`: running steps are cancelled and done again. */
export const stopModes = ['drain', 'now'] as const;
export type StopMode = (typeof stopModes)[number];

/** What a message is about: every part that is given must match; none given is the whole category. */
export type Scope = Partial<DatabaseId>;

export interface PauseRequest {
  /** Absent: `drain`. */
  readonly mode?: StopMode;
  readonly scope?: Scope;
  /** Who pauses; a `resume` with the same word lifts only that. Absent: `operator`. */
  readonly by?: string;
}
export interface ResumeRequest {
  readonly scope?: Scope;
  /** Absent: whoever paused. */
  readonly by?: string;
}
export interface SetConcurrency {
  /** Sessions of the category on all servers together; null takes the limit away. */
  readonly total?: number | null;
  /** Sessions on each source server, by alias; `*` for all servers. */
  readonly perServer?: Readonly<Record<string, number>>;
}
export interface RetryRequest {
  /** `<target>/<server>/<database>/<window>`. */
  readonly chunk?: string;
  /** Every parked chunk that matches; `{}` for all. */
  readonly where?: ChunkFilter;
  /** Splits the chunk into so many; it may then be running too. */
  readonly parts?: number;
}
export interface SkipRequest {
  readonly chunk: string;
  readonly reason: string;
}
export interface StopRequest {
  /** Absent: `drain`. */
  readonly mode?: StopMode;
}
/** What `retry` and `skip` answer. */
export interface Resolved {
  readonly resolved: number;
  readonly parked: number;
}

/** It has nothing to say: what there is to reload is in the configuration. */
export type ReloadRequest = Readonly<Record<string, never>>;
/** What `reload` answers. */
export interface Reloaded {
  /** Those that take effect, as the files call them; none where nothing had changed. */
  readonly fields: readonly string[];
}

/** To migrateCategory, from operators: each as a signal, and as an update that answers or says why not. */
export const controls = {
  pause: {
    signal: defineSignal<[PauseRequest?]>('pause'),
    update: defineUpdate<CategoryStatus, [PauseRequest]>('pause'),
  },
  resume: {
    signal: defineSignal<[ResumeRequest?]>('resume'),
    update: defineUpdate<CategoryStatus, [ResumeRequest]>('resume'),
  },
  setConcurrency: {
    signal: defineSignal<[SetConcurrency]>('setConcurrency'),
    update: defineUpdate<CategoryStatus, [SetConcurrency]>('setConcurrency'),
  },
  retry: {
    signal: defineSignal<[RetryRequest]>('retry'),
    update: defineUpdate<Resolved, [RetryRequest]>('retry'),
  },
  skip: {
    signal: defineSignal<[SkipRequest]>('skip'),
    update: defineUpdate<Resolved, [SkipRequest]>('skip'),
  },
  reload: {
    signal: defineSignal<[ReloadRequest?]>('reload'),
    update: defineUpdate<Reloaded, [ReloadRequest]>('reload'),
  },
  stop: {
    signal: defineSignal<[StopRequest?]>('stop'),
    update: defineUpdate<CategoryStatus, [StopRequest]>('stop'),
  },
} as const;
export type ControlName = keyof typeof controls;

export interface Pause {
  readonly mode: StopMode;
  readonly scope: Scope;
  readonly by: string;
}

export interface ServerStatus {
  readonly server: string;
  /** Sessions that are allowed, the guard's own included. */
  readonly limit: number;
  /** What the guard leaves of it at present. */
  readonly now: number;
  /** Why `now` is below `limit`. */
  readonly cause?: string;
  readonly chunks: ChunkCounts;
  readonly steps: ServerProgress['steps'];
}

/** Small whatever the size of the run; `migrate chunks` has the long lists. */
export interface CategoryStatus {
  readonly category: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly pauses: readonly Pause[];
  readonly stopping?: StopMode;
  readonly total?: number;
  /** At most 64. */
  readonly servers: readonly ServerStatus[];
  readonly chunks: ChunkCounts;
  readonly rowsPlanned: number;
  /** Rows that the filters take and `input_partition` leaves out. */
  readonly rowsLeftOut: number;
  readonly steps: Readonly<Record<StepName, StepTotals>>;
  readonly databases: { readonly running: number; readonly left: number };
  /** While windows are read at once, before their chunks begin. */
  readonly scans?: ScanProgress;
  /** Over the last minutes; absent until there are two measurements. */
  readonly rowsPerSecond?: number;
  readonly chunksPerSecond?: number;
  /** Seconds to the end of copying at that rate; absent while nothing moves. */
  readonly etaSeconds?: number;
  readonly parked: readonly ParkedChunk[];
  readonly slow: RunProgress['slow'];
  /** Messages that could not be obeyed, newest last; at most ten. */
  readonly warnings: readonly string[];
  /** When the counters were read; ISO, UTC. */
  readonly asOf?: string;
}
export interface StepTotals {
  readonly chunks: number;
  readonly rows: number;
  readonly bytes: number;
}
export const statusQuery = defineQuery<CategoryStatus>('status');

/** From migrateCategory to migrateDatabase. Absolute and numbered, so that repetition and delay change nothing. */
export interface DatabaseControls {
  readonly version: number;
  /** Start nothing and end after the running steps; with `now` cancel these too. */
  readonly hold?: StopMode;
  /** End, with nothing in flight, even where chunks are pending. */
  readonly yield?: true;
  /** The category has a total: its lease counts besides the gate's. */
  readonly capped?: true;
}
export const databaseControlsSignal = defineSignal<[DatabaseControls]>('databaseControls');
/** Pending chunks may lie before the cursor again: go through them once more. */
export const revisitSignal = defineSignal('revisit');
/** From migrateDatabase to migrateChunk: end after the running step, or (false) go on after all. */
export const haltSignal = defineSignal<[boolean]>('halt');

/** From migrateChunk to migrateDatabase: the chunk (its id) has left the source, whose session is free again. */
export const exportedSignal = defineSignal<[string]>('exported');

/** From a lessor (a server's gate, or a category for its total) to a lessee: how many sessions it may have. */
export interface Lease {
  /** The gate's endpoint, or `total`. */
  readonly lessor: string;
  /** Whom it is for: another run may have taken the workflow's id. */
  readonly firstRunId: string;
  readonly membership: number;
  readonly permits: number;
  readonly version: number;
}
export const leaseSignal = defineSignal<[Lease]>('lease');
export const totalLessor = 'total';

/** From a lessee to its lessor. */
export interface LeaseReport {
  readonly member: MemberRef;
  /** Raised when a lessee that has left comes back: leases of an earlier membership are void. */
  readonly membership: number;
  /** How many it could use now. 0: it has none, and leaves. */
  readonly wanted: number;
  /** The latest lease that it keeps to, and the latest that it knows. */
  readonly settled: number;
  readonly version: number;
  /** What it has, or may have without asking; of meaning to a lessor that does not know it yet. */
  readonly holding: number;
  /** A short need that must not wait for the long ones, such as planning. */
  readonly brief?: true;
}
export const leaseReportSignal = defineSignal<[LeaseReport]>('leaseReport');

/** From a category to a server's gate: that it reads the server, and what it asks of the limit. */
export interface GateTerms {
  readonly category: MemberRef;
  readonly runId: string;
  /** Alias of the server in the category's mappings. */
  readonly server: string;
  readonly limit: number;
  readonly guard?: GuardPolicy;
}
export const joinGateSignal = defineSignal<[GateTerms]>('join');
export const leaveGateSignal = defineSignal<[MemberRef]>('leave');
/** An operator's limit: holds for every category that reads the server, until the gate ends. */
export const gateLimitSignal = defineSignal<[number]>('limit');

/** From a gate to the categories that joined it. */
export interface ServerState {
  readonly server: string;
  readonly limit: number;
  readonly now: number;
  readonly cause?: string;
}
export const serverStateSignal = defineSignal<[ServerState]>('serverState');

export interface GateStatus {
  readonly endpoint: string;
  readonly limit: number;
  readonly now: number;
  readonly cause?: string;
  readonly members: readonly {
    readonly workflowId: string;
    readonly wanted: number;
    readonly permits: number;
    /** What it may still use until it has settled for `permits`. */
    readonly granted: number;
  }[];
}
export const gateStatusQuery = defineQuery<GateStatus>('gateStatus');

export const workflowIds = {
  category: (category: string): string => `migrate/${category}`,
  database: (category: string, database: DatabaseId): string =>
    `migrate/${category}/${database.target}/${database.server}/${database.database}`,
  chunk: (category: string, database: DatabaseId, window: string): string =>
    `${workflowIds.database(category, database)}/${window}`,
  /** By address and not by alias: the limit is the server's, whatever categories call it. */
  gate: (endpoint: string): string => `migrate-gate/${endpoint}`,
  cleanUp: (category: string): string => `clean-up/${category}`,
} as const;
