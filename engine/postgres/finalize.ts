import type { TargetConfig } from '../../config/run-config.js';
import type { SetChecksum } from '../rows/types.js';
import { parseSetChecksum } from '../validation/set-checksum.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target } from './connection.js';
import { finalizeProcedure, quoteName } from './names.js';

export interface FinalizeInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly targetSchema: string;
  readonly dependents: 'refuse' | 'recreate';
  readonly signal: AbortSignal;
  /** Called about each second while the server works; not while it waits for a lock. */
  readonly onProgress?: () => void;
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
 * STAGE_INCOMPLETE (chunks still to come), CHECKSUM_TARGET, TARGET_BUSY (the live table stays locked by others), `signal.reason`.
 */
export async function finalizeTarget(input: FinalizeInput): Promise<FinalizeResult> {
  const { target, table, targetSchema, dependents } = input;
  return target.withClient(async (client) => {
    const call = async () => {
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
    };
    return whileBackendWorks(target, client, input.onProgress, call);
  }, input.signal);
}

interface ProcedureResult {
  readonly rows: number;
  readonly sum: string;
  readonly reused: boolean;
  readonly oldTable?: string | null;
}
