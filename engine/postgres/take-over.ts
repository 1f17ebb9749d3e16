import type { TargetConfig } from '../../config/run-config.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target } from './connection.js';
import { stageName } from './names.js';

/**
 * A live source grows: what an earlier run imported in an open-ended window (`ge20250111`) is cut into days by a
 * later plan. Takes such rows out of the stage where the plan of this run covers the window wholly, so that its own
 * windows bring them again. Called before `refuseOverlaps`, which still refuses closed windows of another grain.
 */
export async function takeOverOpenEnds(input: {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}): Promise<void> {
  const { target, table, runId } = input;
  await target.transaction(async (client) => {
    const { rows } = await client.query<{ chunkId: string }>(
      `WITH plan AS (
         SELECT category, target, server, database, range_merge(range_agg(tsrange(window_from, window_to))) AS covers
           FROM migration_control.chunk WHERE run_id = $1 AND target = $2 AND NOT window_null
          GROUP BY category, target, server, database)
       UPDATE migration_control.chunk old SET run_id = NULL, state = 'PENDING', updated_at = now()
         FROM plan
        WHERE (old.category, old.target, old.server, old.database) = (plan.category, plan.target, plan.server, plan.database)
          AND old.run_id IS DISTINCT FROM $1 AND NOT old.window_null AND old.state <> 'SPLIT'
          AND (old.window_from IS NULL OR old.window_to IS NULL) AND tsrange(old.window_from, old.window_to) <@ plan.covers
       RETURNING old.chunk_id::text AS "chunkId"`,
      [runId, table.name],
    );
    const chunkIds = [rows.map(({ chunkId }) => chunkId)];
    await whileBackendWorks(target, client, input.onProgress, () =>
      client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = ANY ($1::bigint[])`, chunkIds),
    );
    await client.query('DELETE FROM migration_control.ledger WHERE chunk_id = ANY ($1::bigint[])', chunkIds);
  }, input.signal);
}
