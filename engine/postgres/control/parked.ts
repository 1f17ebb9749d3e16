import type { TargetConfig } from '../../../config/run-config.js';
import { whileBackendWorks } from '../backend-watch.js';
import type { Queryable, Target, TargetClient } from '../connection.js';
import { stageName } from '../names.js';
import { findRelation } from '../shape.js';
import { type RunNames, type Selection, selected, selectionValues } from './selection.js';

/** What every change of parked chunks needs to know of their run. */
export interface ChunkChange {
  readonly target: Target;
  readonly runId: string;
  readonly config: RunNames;
  /** Ends the transaction, and gives its connection back, once nobody waits for it any more. */
  readonly signal: AbortSignal;
  /** Called about each second while the server works. */
  readonly onProgress: () => void;
}

/**
 * Takes parked chunks of a run out of NEEDS_ATTENTION and returns how many: `retry` makes them PENDING, to begin at
 * the source; `skip` keeps the reason with SKIPPED. Either way no row of theirs stays in the stage, where a finalize
 * would find it. A chunk in any other state is left as it is: the message may have come before.
 */
export async function resolveParked(
  change: ChunkChange,
  selection: Selection,
  resolution: { readonly action: 'retry' } | { readonly action: 'skip'; readonly reason: string },
): Promise<number> {
  return change.target.transaction(async (client) => {
    const { rows } = await client.query<{ chunkId: string; target: string }>(
      `UPDATE migration_control.chunk
          SET state = $8, updated_at = now(),
              cause_message = CASE WHEN $8 = 'SKIPPED' THEN $9 || ' (parked: ' || coalesce(cause_message, '') || ')' END,
              cause_code = CASE WHEN $8 = 'SKIPPED' THEN cause_code END,
              epoch = epoch + CASE WHEN $8 = 'PENDING' THEN 1 ELSE 0 END
        WHERE ${selected}
        RETURNING chunk_id::text AS "chunkId", target`,
      [
        ...selectionValues(change.runId, ['NEEDS_ATTENTION'], selection),
        resolution.action === 'retry' ? 'PENDING' : 'SKIPPED',
        resolution.action === 'skip' ? resolution.reason : null,
      ],
    );
    for (const table of change.config.targets) {
      const own = rows.filter((chunk) => chunk.target === table.name).map(({ chunkId }) => chunkId);
      if (own.length > 0) await forgetRows(client, change, table, own);
    }
    return rows.length;
  }, change.signal);
}

/** Takes a chunk's rows out of the stage: what was proven wrong must not get into a target with other chunks. */
export async function removeStaged(
  change: Omit<ChunkChange, 'config'>,
  table: TargetConfig,
  chunkId: string,
) {
  await change.target.transaction((client) => forgetRows(client, change, table, [chunkId]), change.signal);
}

/** Stage rows and ledger rows in one transaction, as they came. */
export async function forgetRows(
  client: TargetClient,
  { target, onProgress }: Pick<ChunkChange, 'target' | 'onProgress'>,
  table: TargetConfig,
  chunkIds: readonly string[],
): Promise<void> {
  if ((await findRelation(client, table.stageSchema, table.name)) !== undefined)
    await whileBackendWorks(target, client, onProgress, () =>
      client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = ANY ($1::bigint[])`, [chunkIds]),
    );
  await client.query('DELETE FROM migration_control.ledger WHERE chunk_id = ANY ($1::bigint[])', [chunkIds]);
}

/** Databases of the run that have pending chunks. */
export async function pendingDatabases(
  db: Queryable,
  runId: string,
): Promise<readonly { readonly target: string; readonly server: string; readonly database: string }[]> {
  const { rows } = await db.query<{ target: string; server: string; database: string }>(
    `SELECT DISTINCT target, server, database FROM migration_control.chunk
      WHERE run_id = $1 AND state = 'PENDING' ORDER BY 1, 2, 3`,
    [runId],
  );
  return rows;
}

/** How many chunks of the run are parked. */
export async function countParked(db: Queryable, runId: string): Promise<number> {
  const { rows } = await db.query<{ parked: number }>(
    `SELECT count(*)::int AS parked FROM migration_control.chunk WHERE run_id = $1 AND state = 'NEEDS_ATTENTION'`,
    [runId],
  );
  return rows[0]?.parked ?? 0;
}
