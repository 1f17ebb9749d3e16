import type { Queryable } from '../connection.js';

export interface PreparedChunk {
  readonly chunkId: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
  /** The window's label. */
  readonly window: string;
}

const pageSize = 2_000;

/** The chunks that a run plans for a target, and those named besides, a page at a time. */
export async function* preparedChunks(
  db: Queryable,
  runId: string,
  target: string,
  besides: readonly string[],
): AsyncGenerator<PreparedChunk> {
  let after = '0';
  for (;;) {
    const { rows } = await db.query<PreparedChunk>(
      `SELECT chunk_id::text AS "chunkId", target, server, database, window_label AS "window"
         FROM migration_control.chunk
        WHERE target = $2 AND (run_id = $1 OR chunk_id = ANY ($3::bigint[])) AND chunk_id > $4
        ORDER BY chunk.chunk_id LIMIT ${pageSize}`,
      [runId, target, besides, after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.chunkId;
  }
}

/** After a removal nothing of the run is done. */
export async function reopenChunks(db: Queryable, runId: string): Promise<void> {
  await db.query(
    `UPDATE migration_control.chunk
        SET state = 'PENDING', cause_code = NULL, cause_message = NULL, updated_at = now()
      WHERE run_id = $1 AND state <> 'PENDING'`,
    [runId],
  );
}
