import type { TargetConfig } from '../../config/run-config.js';
import type { SetChecksum } from '../rows/types.js';
import { parseSetChecksum } from '../validation/set-checksum.js';
import type { Target, TargetClient } from './connection.js';
import { finalizeProcedure, quoteName } from './names.js';

export interface FinalizeInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly targetSchema: string;
  readonly dependents: 'refuse' | 'recreate';
  readonly signal: AbortSignal;
  /** Called about each second with a number that grows while the server works; it stands still behind a lock. */
  readonly onProgress?: (ticks: number) => void;
}

export interface FinalizeResult extends SetChecksum {
  /** True when the live table already was equal to the stage; nothing was swapped. */
  readonly reused: boolean;
  /** Name of the table that was live before, kept in the target schema until `CALL migration_control.drop_old`. */
  readonly oldTable?: string;
}

/**
 * Builds the target from its stage by the procedure that `prepareStage` installed; all in one transaction, so an
 * abort or a crash leaves the live table as it was. Rows and checksum are those of both stage and new table.
 * Throws TARGET_SHAPE, TARGET_DEPENDENTS (each listed), TARGET_KEY_COLLISION (both sources named),
 * CHECKSUM_TARGET, TARGET_BUSY (the live table stays locked by others), `signal.reason`.
 */
export async function finalizeTarget(input: FinalizeInput): Promise<FinalizeResult> {
  const { target, table, targetSchema, dependents } = input;
  return target.withClient(async (client) => {
    const stop = await watch(target, client, input.onProgress);
    try {
      const { rows } = await client.query<{ result: ProcedureResult }>(
        `CALL ${quoteName(table.stageSchema, finalizeProcedure(table))} ($1, $2, $3, NULL)`,
        [targetSchema, table.name, dependents],
      );
      const result = rows[0]?.result;
      if (result === undefined) throw new Error('the finalize procedure gave no result');
      return {
        ...parseSetChecksum(result.rows, result.sum),
        reused: result.reused,
        ...(result.oldTable && { oldTable: result.oldTable }),
      };
    } finally {
      stop();
    }
  }, input.signal);
}

interface ProcedureResult {
  readonly rows: number;
  readonly sum: string;
  readonly reused: boolean;
  readonly oldTable?: string | null;
}

/** The server has no counter for a build; that its backend works and waits for no lock is what can be seen. */
async function watch(
  target: Target,
  client: TargetClient,
  onProgress: FinalizeInput['onProgress'],
): Promise<() => void> {
  if (onProgress === undefined) return () => undefined;
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let ticks = 0;
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    const activity = await target
      .query<{ works: boolean }>(
        `SELECT state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock' AS works
           FROM pg_stat_activity WHERE pid = $1`,
        [rows[0]?.pid],
      )
      .catch(() => undefined);
    asking = false;
    if (activity?.rows[0]?.works) onProgress(++ticks);
  };
  const timer = setInterval(() => void ask(), 1_000);
  return () => clearInterval(timer);
}
