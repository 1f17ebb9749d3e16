import type { Queryable, Target } from '../connection.js';

interface Resolved {
  readonly chunkId: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
}

/**
 * Takes parked chunks of a run out of NEEDS_ATTENTION: `retry` makes them PENDING and forgets what the ledger
 * says of them, so that they are imported anew; `skip` keeps the reason with SKIPPED.
 * `path` is `<target>/<server>/<database>/<window>`; absent for all.
 */
export async function resolveParked(
  target: Target,
  runId: string,
  action: 'retry' | 'skip',
  { path, reason }: { readonly path?: string | undefined; readonly reason?: string | undefined },
): Promise<readonly Resolved[]> {
  return target.transaction(async (client) => {
    const { rows } = await client.query<Resolved>(
      `UPDATE migration_control.chunk
          SET state = $3, updated_at = now(),
              cause_message = CASE WHEN $3 = 'SKIPPED' THEN $4 || ' (parked: ' || coalesce(cause_message, '') || ')' END,
              cause_code = CASE WHEN $3 = 'SKIPPED' THEN cause_code END
        WHERE run_id = $1 AND state = 'NEEDS_ATTENTION'
          AND ($2::text IS NULL OR concat_ws('/', target, server, database, window_label) = $2)
        RETURNING chunk_id::text AS "chunkId", target, server, database`,
      [runId, path ?? null, action === 'retry' ? 'PENDING' : 'SKIPPED', reason ?? ''],
    );
    if (action === 'retry') await forget(client, rows);
    return rows;
  });
}

async function forget(db: Queryable, chunks: readonly Resolved[]): Promise<void> {
  await db.query('DELETE FROM migration_control.ledger WHERE chunk_id = ANY ($1::bigint[])', [
    chunks.map(({ chunkId }) => chunkId),
  ]);
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
