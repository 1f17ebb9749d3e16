import type { TargetTyped } from '../rows/convert/conversion.js';
import type { SetChecksum } from '../rows/types.js';
import type { Bucket } from '../storage/bucket.js';
import type { ObjectKey } from '../storage/keys.js';
import type { Manifest } from '../storage/manifest.js';
import type { WrittenParts } from './part-writer.js';

/** What a transform needs to know of a target; `TargetConfig` fits. */
export interface TransformTarget {
  readonly name: string;
  readonly columns: readonly TargetTyped[];
  /** Absent for a plain copy of the one source table. */
  readonly transform?: { readonly file: string; readonly sql: string };
  /** Chunking columns, by which joins must be aligned with the windows where there are any. */
  readonly sources: readonly { readonly table: string; readonly chunkColumn?: string }[];
  readonly chunk: { readonly by: 'date' | 'key' | 'none' };
  /** What the joins are over: `chunk` if absent. */
  readonly scope?: TransformScope;
}

/** Over which windows a match is looked for: those of one chunk, of a database, or of all databases of the category. */
type TransformScope = 'chunk' | 'database' | 'category';

export type JoinKeys = 'exact' | 'casefold_rtrim';

/** A source table of the window, as it rests in raw. */
export interface TransformSource {
  /** Unqualified, as the transform names it. */
  readonly table: string;
  readonly manifest: Manifest;
  readonly bucket: Bucket;
}

export interface TransformRequest {
  readonly target: TransformTarget;
  readonly sources: readonly TransformSource[];
  readonly output: { readonly bucket: Bucket; readonly prefix: ObjectKey; readonly attempt: string };
  /** Rows in a part file, about: threads that are still in a row group end it in the file that is full. */
  readonly partRows: number;
  /** Absent: no choice was made, and rows that match only without case and trailing blanks are an error. */
  readonly joinKeys?: JoinKeys;
  readonly signal: AbortSignal;
  /** Counters that only grow, while work moves on: rows that DuckDB went over, bytes down- and uploaded. */
  readonly onProgress?: (progress: { readonly rows: number; readonly bytes: number }) => void;
  /** Called each second while transforms that came before have all of DuckDB's memory. */
  readonly onWaiting?: () => void;
}

/** Checksum of the columns that one source table gave, before and after the transform. Both are equal. */
export interface SourceHop {
  readonly table: string;
  readonly alias: string;
  readonly columns: readonly string[];
  readonly expected: SetChecksum;
  readonly actual: SetChecksum;
}

/** `checksum` is over the target's columns in their order, with the target's types. */
export interface TransformOutcome extends WrittenParts {
  readonly left: SourceHop;
  readonly rights: readonly SourceHop[];
  /** Left rows without a match that INNER joins left out; the others are `rows`. */
  readonly unmatchedLeft: number;
  /** Left rows that match a right row only without case and trailing blanks. */
  readonly joinMismatches: number;
}

export interface TransformEngine {
  /**
   * Turns the raw parts of one window into transformed parts and proves that nothing was lost. Publishes no
   * manifest. Throws TRANSFORM_INVALID, TARGET_SHAPE (see `checkTransform`), TRANSFORM_FAILED, MEMORY_FULL, JOIN_COLLATION,
   * JOIN_FANOUT, CHECKSUM_TRANSFORM, DISK_FULL, and the bucket's errors; rethrows the signal's reason.
   */
  transform(request: TransformRequest): Promise<TransformOutcome>;
}

/** One of the windows that are joined as a whole: its raw parts, and where its transformed ones go. */
export interface WholeWindow {
  /** In the order of the target's sources, as those of every other window. */
  readonly sources: readonly TransformSource[];
  readonly prefix: ObjectKey;
}

export interface WholeRequest extends Omit<TransformRequest, 'sources' | 'output'> {
  readonly windows: readonly WholeWindow[];
  readonly output: { readonly bucket: Bucket; readonly attempt: string };
}

export interface WholeTransformEngine {
  /**
   * As `transform`, over the rows of all windows: a left row finds its match in any of them, and what comes out of it
   * belongs to the window that the left row is from. Gives the outcome of each window, in order.
   */
  transformWhole(request: WholeRequest): Promise<readonly TransformOutcome[]>;
}
