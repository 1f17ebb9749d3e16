import type { TargetConfig } from '../../config/run-config.js';
import type { SetChecksum } from '../rows/types.js';
import type { Queryable, Target } from './connection.js';

export interface FinalizeInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly targetSchema: string;
  readonly dependents: 'refuse' | 'recreate';
  readonly signal: AbortSignal;
  /** Called each second with a number that grows while the server works; it stands still behind a lock. */
  readonly onProgress?: (ticks: number) => void;
}

export interface FinalizeResult extends SetChecksum {
  /** True when the live table already was equal to the stage; nothing was swapped. */
  readonly reused: boolean;
  /** Name of the table that was live before, kept in the target schema until `CALL migration_control.drop_old`. */
  readonly oldTable?: string;
}

export declare function finalizeTarget(input: FinalizeInput): Promise<FinalizeResult>;

/** What the plan asks before any side effect: version, schemas, privileges, shape of a live table. */
export declare function checkTarget(
  db: Queryable,
  table: TargetConfig,
  targetSchema: string,
): Promise<{ readonly serverVersion: number }>;
