import type { TargetConfig } from '../../config/run-config.js';
import type { Target } from './connection.js';

export interface RemovalInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly category: string;
  readonly sources: readonly { readonly server: string; readonly database: string }[];
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly inputPartition?: string;
}

export interface Removal {
  readonly rowsRemoved: number;
  /** Whose manifests the caller deletes. */
  readonly chunkIds: readonly string[];
  readonly form: 'nothing' | 'truncate' | 'truncate-child' | 'delete';
}

export declare function removeRows(input: RemovalInput): Promise<Removal>;
