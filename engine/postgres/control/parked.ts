import type { TargetConfig } from '../../../config/run-config.js';
import type { Queryable, Target, TargetClient } from '../connection.js';
import { stageName } from '../names.js';
import { findRelation } from '../shape.js';

interface Resolved {
  readonly chunkId: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
}

/**
 * Takes parked chunks of a run out of NEEDS_ATTENTION: `retry` makes them PENDING, to begin at the source; `skip`
 * keeps the reason with SKIPPED. Either way no row of theirs stays in the stage, where a finalize would find it.
 * `path` is `<target>/<server>/<database>/<window>`; absent for all.
 */
export async function resolveParked(
  target: Target,
  runId: string,
  tables: readonly TargetConfig[],
  action: 'retry' | 'skip',
  { path, reason }: { readonly path?: string | undefined; readonly reason?: string | undefined },
): Promise<readonly Resolved[]> {
  return target.transaction(async (client) => {
    const { rows } = await client.query<Resolved>(
      `UPDATE migration_control.chunk
          SET state = $3, updated_at = now(),
              cause_message = CASE WHEN $3 = 'SKIPPED' THEN $4 || ' (parked: ' || coalesce(cause_message, '') || ')' END,
              cause_code = CASE WHEN $3 = 'SKIPPED' THEN cause_code END,
              epoch = epoch + CASE WHEN $3 = 'PENDING' THEN 1 ELSE 0 END
        WHERE run_id = $1 AND state = 'NEEDS_ATTENTION'
          AND ($2::text IS NULL OR concat_ws('/', target, server, database, window_label) = $2)
        RETURNING chunk_id::text AS "chunkId", target, server, database`,
      [runId, path ?? null, action === 'retry' ? 'PENDING' : 'SKIPPED', reason ?? ''],
    );
    for (const table of tables) {
      const own = rows.filter((chunk) => chunk.target === table.name);
      if (own.length > 0)
        await forget(
          client,
          table,
          own.map(({ chunkId }) => chunkId),
        );
    }
    return rows;
  });
}

/** Takes a chunk's rows out of the stage: what was proven wrong must not get into a target with other chunks. */
export async function removeStaged(target: Target, table: TargetConfig, chunkId: string): Promise<void> {
  await target.transaction((client) => forget(client, table, [chunkId]));
}

/** Rows and ledger rows in one transaction, as they came. */
async function forget(client: TargetClient, table: TargetConfig, chunkIds: readonly string[]): Promise<void> {
  if ((await findRelation(client, table.stageSchema, table.name)) !== undefined)
    await client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = ANY ($1::bigint[])`, [chunkIds]);
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
