import type { Policy } from '../engine/rows/fits.js';
import type { Column } from '../engine/rows/types.js';

/** What a run works with: the parameters, the mappings and the category file, merged and validated. No secrets. */
export interface RunConfig {
  readonly category: string;
  /** As they were read, for the record; what holds is what follows. */
  readonly documents: {
    readonly migrationParameter: RecordedDocument;
    readonly serverMappings: RecordedDocument;
  };
  readonly jobMode: 'resume' | 'restart';
  readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly inputPartition?: string;
  readonly databases: readonly SourceDatabase[];
  readonly targets: readonly TargetConfig[];
  readonly consistency: 'snapshot' | 'rcsi' | 'quiesced';
  /** Who reads the sources and who transforms; what they make of the same rows is interchangeable. */
  readonly engine: { readonly export: EngineName; readonly transform: EngineName };
  readonly glue: GlueConfig;
  readonly concurrency: { readonly perServer: number };
  /** By server alias; a server without one is not watched. */
  readonly guards: Readonly<Record<string, SourceGuard>>;
  readonly attentionWaitSeconds: number;
  /** Rows of one chunk that may go to quarantine; 0 where a row that the target cannot hold parks its chunk. */
  readonly quarantineLimit: number;
  readonly storage: { readonly partRows: number };
  readonly retention: Retention;
  readonly duckdb: { readonly memoryLimit: string; readonly threads: number };
  /** Who hashes what was read: the server by a second look at the rows, or the reader alone. */
  readonly sourceChecksum: 'server' | 'reader';
  /** Of one value at the source. */
  readonly maxValueBytes: number;
  readonly stallSeconds: number;
  /** When a chunk is shown as slow: by the median of the run's finished ones, and in seconds. */
  readonly slow: { readonly factor: number; readonly atLeast: number };
  readonly finalize: {
    readonly enabled: boolean;
    readonly targetSchema: string;
    readonly dependents: 'refuse' | 'recreate';
  };
}

/** How long what runs leave in the buckets is kept; without a number, for ever. */
export interface Retention {
  readonly rawDays?: number;
  readonly transformedDays?: number;
  readonly quarantineDays?: number;
  /** Reports and statistics. */
  readonly statsDays?: number;
  /** Of what attempts have left that never came to count; longer than any attempt can be at work. */
  readonly orphanHours: number;
}

/** A document of the configuration, where it came from, and what it said. */
export interface RecordedDocument {
  /** Of the file, or of the parameter in Parameter Store. */
  readonly name: string;
  /** Of a parameter. */
  readonly arn?: string;
  readonly version?: number;
  readonly value: unknown;
}

/** The worker itself, or jobs of AWS Glue. */
type EngineName = 'embedded' | 'glue';

export interface GlueConfig {
  /** Patterns of names; absent for the founding ones. */
  readonly exportJob?: string | undefined;
  readonly transformJob?: string | undefined;
  /** Absent: as the job is defined. */
  readonly workerType?: string | undefined;
  readonly workers?: number | undefined;
  readonly timeoutMinutes: number;
  /** Name or ARN of the secret that export jobs log in with; absent for the workers' own. */
  readonly secretId?: string | undefined;
  /** On the disk of the Spark machines. It holds no secret: its password only seals what is public. */
  readonly trustStore?: { readonly path: string; readonly password: string } | undefined;
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
  /** Over which windows the transform joins: those of a chunk, of a database, or of the category's databases. */
  readonly scope: 'chunk' | 'database' | 'category';
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
