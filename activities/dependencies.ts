import type { Environment } from '../config/environment.js';
import type { RunConfig } from '../config/run-config.js';
import type { GlueServices } from '../engine/glue/glue-jobs.js';
import type { Target } from '../engine/postgres/connection.js';
import type { SourceSession } from '../engine/sqlserver/connection.js';
import type { Bucket } from '../engine/storage/bucket.js';
import type { DuckDb } from '../engine/transform/duckdb.js';
import type { Step } from './step.js';

/**
 * What each embedded DuckDB of a process is for, so that none waits for memory or its turn behind work of another kind:
 * part files as they are written and read, which take what the parts under way need; rows that are collected to be parted into
 * windows, and transforms, which both keep to `duckdb.memoryLimit` and spill.
 */
export type DuckDbUse = 'parts' | 'windows' | 'transforms';

/** The outside systems as activities see them; built once per worker process. */
export interface Dependencies {
  readonly environment: Environment;
  /** A directory of this process's own, for what must touch the disk. */
  readonly spillDirectory: string;
  readonly target: Target;
  readonly buckets: { readonly raw: Bucket; readonly transformed: Bucket; readonly stats: Bucket };
  /**
   * A session of its own on a source database, closed by the caller. Named `migrate/<category>` at the server, where it
   * is one of those that the server's limit allows; waits for its turn, and throws SOURCE_BUSY when none comes.
   */
  openSource(
    config: RunConfig,
    source: { readonly server: string; readonly database: string },
    step: Pick<Step, 'signal' | 'waiting'>,
  ): Promise<SourceSession>;
  /** The process's embedded DuckDB for a use, within the limits of this run, or of another that allows more. */
  duckdb(config: RunConfig, use: DuckDbUse): Promise<DuckDb>;
  /** Where jobs run for categories that chose it. */
  readonly glue: GlueServices;
}
