import { z } from 'zod';
import type { Column, SetChecksum } from '../rows/types.js';
import type { CarriedColumn } from '../sqlserver/carried-select.js';
import type { Part } from '../storage/manifest.js';
import type { JoinKeys } from '../transform/engine.js';

/**
 * What the engine and the Spark scripts of deploy/glue say to each other. The engine writes one request object into the
 * bucket that the parts go to and starts the job with its address; the script writes parts and one result object beside
 * it. Manifests are the engine's alone: what a job leaves without one counts for nothing.
 */

/** Of this contract. A script refuses a request of another version; a result says which version made it. */
export const scriptVersion = '1';

/** Names of a run's arguments, as StartJobRun takes them. `--script_version` is a default argument of the job. */
export const jobArguments = {
  /** Address of the request object. */
  request: '--request',
  /** The attempt again, by which a run that was started is found once more. */
  attempt: '--chunk_attempt',
  version: '--script_version',
} as const;

/** Where a job writes: `<bucket><prefix><attempt>/part-NNNNN.parquet`, and `result.json` in the same folder. */
export interface JobOutput {
  /** `s3://raw/` or `file:///…/raw/`, with its final slash. */
  readonly bucket: string;
  /** Of the window, or the first of many, as `rawPrefix` and `transformedPrefix` give it. */
  readonly prefix: string;
  readonly attempt: string;
}

interface JobRequest {
  readonly scriptVersion: typeof scriptVersion;
  readonly output: JobOutput;
  /** Most rows of a part file. */
  readonly partRows: number;
}

/** Reads one source table of a chunk through JDBC and writes its raw parts. */
export interface ExportJobRequest extends JobRequest {
  readonly kind: 'export';
  readonly server: JobServer;
  /** `schema.table`, for messages. */
  readonly subject: string;
  readonly columns: readonly CarriedColumn[];
  /** Run once by each connection, before its statement. */
  readonly sessionSql: string;
  /**
   * T-SQL, one SELECT for each connection: their rows are disjoint, and together the chunk's. Columns are named `c0`,
   * `c1`, …, and `h` for the server's own hash of the row (bigint) where `serverHash`.
   *
   * Each statement is a transaction of its own and sees an instant of its own. So more than one is for sources that
   * nobody writes to (`consistency: quiesced`).
   */
  readonly statements: readonly string[];
  /** What to tell of SQL Server's error numbers. Others are SOURCE_QUERY, or SOURCE_CONNECTION from severity 17 on. */
  readonly serverErrors: Readonly<Record<string, { readonly code: string; readonly advice: string }>>;
  /** Whether `h` comes with each row: then what the source says is the sum of the server's hashes. */
  readonly serverHash: boolean;
}

export interface JobServer {
  /** The mapping's; a secret that names a host of its own takes their place. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** `migrate/<category>`. */
  readonly applicationName: string;
  readonly readOnlyIntent: boolean;
  /** TLS is required and the certificate verified, always. */
  readonly tls: {
    /** Name expected in the certificate, where it is not `host`. */
    readonly serverName?: string;
    /** PKCS#12 file of authorities on the disk of driver and executors; absent for those that Java trusts. */
    readonly trustStore?: { readonly path: string; readonly password: string };
  };
  readonly secret: SecretReference;
}

/** Where a script finds the secret in the founding shape `{"username","password","host":"*","port":"1433",…}`. */
export type SecretReference =
  | { readonly kind: 'secretsManager'; readonly id: string; readonly region?: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string };

/** Joins and reshapes the raw parts of a window, or of many at once: a left row finds its match in any of them. */
export interface TransformJobRequest extends JobRequest {
  readonly kind: 'transform';
  /** The prefixes that the windows' parts go under, each in a folder of the attempt's, in the order of their numbers. */
  readonly windows: readonly string[];
  /** Each with other columns, or another table; those of one table are read as one. */
  readonly sources: readonly JobSource[];
  /** Of the target, in its order, with its types. */
  readonly columns: readonly Column[];
  readonly joinKeys?: JoinKeys;
  readonly transform: SparkTransform;
}

interface JobSource {
  /** Unqualified, as the transform names it. */
  readonly table: string;
  /** As in `JobOutput`. */
  readonly bucket: string;
  readonly columns: readonly Column[];
  readonly windows: readonly JobWindow[];
}

/** What a window has of a source table; `window` is its number. */
export interface JobWindow {
  readonly window: number;
  readonly parts: readonly Part[];
  readonly checksum: SetChecksum;
}

/** A transform as the engine has understood it; names are as the tables spell them. */
export interface SparkTransform {
  /** The file's own text up to its FROM: `SELECT …`. */
  readonly select: string;
  readonly left: { readonly table: string; readonly alias: string };
  readonly joins: readonly {
    readonly table: string;
    readonly alias: string;
    readonly type: 'LEFT' | 'INNER';
    readonly keys: readonly {
      readonly left: { readonly alias: string; readonly column: string };
      readonly right: string;
      readonly text: boolean;
    }[];
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly from?: { readonly alias: string; readonly column: string };
  }[];
}

const count = z.int().min(0);
const checksum = z.strictObject({ rows: count, sum: z.string().regex(/^[0-9a-f]{16}$/) });
const answer = { scriptVersion: z.string(), attempt: z.string(), state: z.literal('done') };
const written = {
  /** Keys as in a manifest, in order; files without a row are left out. */
  parts: z.array(z.strictObject({ key: z.string(), rows: count, bytes: count })),
  rows: count,
  bytes: count,
  /** Over the request's columns, of the rows in the parts, read back. */
  checksum,
};
const hop = z.strictObject({
  table: z.string(),
  alias: z.string(),
  columns: z.array(z.string()),
  expected: checksum,
  actual: checksum,
});

export const exportResultSchema = z.strictObject({
  ...answer,
  ...written,
  /** What the source said: by its own hash of each row, or by the script's of each row as JDBC gave it. */
  source: z.strictObject({ checksum, method: z.enum(['server', 'reader']) }),
});

/** `left`, `rights`, `unmatchedLeft`, `joinMismatches`: as `TransformOutcome` has them. */
const transformedWindow = z.strictObject({
  ...written,
  left: hop,
  rights: z.array(hop),
  unmatchedLeft: count,
  joinMismatches: count,
});

/** Of so many windows, in order. */
export const transformResultSchema = (windows: number) =>
  z.strictObject({ ...answer, windows: z.array(transformedWindow).length(windows) });

/** Of a script that gave up: one of the engine's codes, and a message without values of rows. */
export const failedResultSchema = z.strictObject({
  scriptVersion: z.string(),
  attempt: z.string(),
  state: z.literal('failed'),
  code: z.string(),
  message: z.string(),
});

export type ExportJobResult = z.infer<typeof exportResultSchema>;
export type FailedJobResult = z.infer<typeof failedResultSchema>;

/** Name of the object that a script leaves in its attempt's folder, as its last act. */
export const resultName = 'result.json';
/** Name of the object that the engine leaves there, before it starts the job. */
export const requestName = 'request.json';
