import type { Policy } from '../engine/rows/fits.js';
import type { Column } from '../engine/rows/types.js';

/** What a run works with: the parameters, the mappings and the category file, merged and validated. No secrets. */
export interface RunConfig {
  readonly category: string;
  readonly jobMode: 'resume' | 'restart';
  readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly inputPartition?: string;
  readonly databases: readonly SourceDatabase[];
  readonly targets: readonly TargetConfig[];
  readonly consistency: 'snapshot' | 'rcsi' | 'quiesced';
  readonly concurrency: { readonly perServer: number };
  /** By server alias; a server without one is not watched. */
  readonly guards: Readonly<Record<string, SourceGuard>>;
  readonly attentionWaitSeconds: number;
  /** Rows of one chunk that may go to quarantine; 0 where a row that the target cannot hold parks its chunk. */
  readonly quarantineLimit: number;
  readonly storage: { readonly partRows: number };
  readonly duckdb: { readonly memoryLimit: string; readonly threads: number };
  /** Who hashes what was read: the server by a second look at the rows, or the reader alone. */
  readonly sourceChecksum: 'server' | 'reader';
  readonly stallSeconds: number;
  /** When a chunk is shown as slow: by the median of the run's finished ones, and in seconds. */
  readonly slow: { readonly factor: number; readonly atLeast: number };
  readonly finalize: {
    readonly enabled: boolean;
    readonly targetSchema: string;
    readonly dependents: 'refuse' | 'recreate';
  };
}

export interface SourceDatabase {
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

export interface SourceGuard {
  /** For messages: its file's name. */
  readonly name: string;
  /** T-SQL that gives one number. */
  readonly sql: string;
  /** Above it the server's limit shrinks. */
  readonly threshold: number;
  /** At or below it the limit grows back; at most `threshold`. */
  readonly recover: number;
  readonly everySeconds: number;
}

export interface TargetConfig {
  /** Table name of target and stage; also the transform file's name. */
  readonly name: string;
  readonly stageSchema: string;
  readonly columns: readonly TargetColumn[];
  readonly primaryKey: readonly string[];
  /** Column of the target by whose month the stage is partitioned; absent for an unpartitioned stage. */
  readonly partitionColumn?: string;
  readonly sources: readonly SourceTable[];
  /** Text of the transform SQL; absent for a plain copy (exactly one source). */
  readonly transform?: { readonly file: string; readonly sql: string };
  readonly joinKeys?: 'exact' | 'casefold_rtrim';
  /** `direct`: rows go from the source into the stage without resting in a bucket; only without a transform. */
  readonly path: 'staged' | 'direct';
  readonly chunk: {
    readonly by: 'date' | 'key' | 'none';
    /** Of windows by date. */
    readonly grain: 'day' | 'month';
    /** Most rows of a window by key, over all source tables, where it is not a single key. */
    readonly rows: number;
    readonly allowScans: boolean;
    /** By date: each source table is read once, and its rows are parted into the windows. */
    readonly onePass: boolean;
    /** Rows of a range of keys in which a table is read once, about. */
    readonly scanRows: number;
  };
}

export interface TargetColumn extends Column {
  /** As declared, for DDL: `numeric(11,3)`, `varchar(100)`, `timestamp(3)`. */
  readonly pgType: string;
  /** What becomes of a value that the column cannot hold; absent where its type must hold every value of the source's. */
  readonly policy?: Policy;
}

export interface SourceTable {
  readonly schema: string;
  readonly table: string;
  /** Chunking column; absent only with chunk.by none. */
  readonly chunkColumn?: string;
  /** Date column that `inputPartition` chooses rows by where chunks are cut by key; absent where it is not given. */
  readonly partitionColumn?: string;
  /** T-SQL predicate, already parsed and found harmless. */
  readonly filter?: string;
  /** Half-open bounds that the filter puts on the date column, as ISO wall-clock text; for the window grid. */
  readonly filterBounds: { readonly from?: string; readonly to?: string };
}
