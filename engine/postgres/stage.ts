import type { TargetConfig } from '../../config/run-config.js';
import type { SetChecksum } from '../rows/types.js';
import type { Queryable, Target } from './connection.js';

/**
 * Creates what is missing of `<stageSchema>.<name>`: the table, its month children for `months` (`YYYYMM`), the
 * default child. Safe to call again. Throws TARGET_SHAPE naming each difference where the table is another.
 */
export declare function prepareStage(
  target: Target,
  table: TargetConfig,
  months: readonly string[],
): Promise<void>;

/** Rows in the stage by chunk id, of one source database; empty where the stage does not exist yet. */
export declare function stageCounts(
  db: Queryable,
  table: TargetConfig,
  scope: { readonly category: string; readonly server: string; readonly database: string },
): Promise<ReadonlyMap<string, number>>;

/** Count and set checksum of the chunk's rows as they rest in the stage. */
export declare function checksumStage(
  db: Queryable,
  table: TargetConfig,
  chunkId: string,
): Promise<SetChecksum>;
