import { MigrationError } from '../../errors.js';
import type { Window } from '../../plan/windows.js';
import type { Queryable } from '../connection.js';
import type { Chunk, ChunkScope, ChunkState, RowsPlanned } from './types.js';

/** The next PENDING chunks with a larger ordinal, in order; at most `limit`. */
export async function listPending(
  db: Queryable,
  scope: Omit<ChunkScope, 'category'>,
  afterOrdinal: number,
  limit: number,
): Promise<readonly { readonly chunkId: string; readonly ordinal: number; readonly window: string }[]> {
  const { rows } = await db.query<{ chunkId: string; ordinal: number; window: string }>(
    `SELECT chunk_id::text AS "chunkId", ordinal, window_label AS "window"
       FROM migration_control.chunk
      WHERE run_id = $1 AND target = $2 AND server = $3 AND database = $4 AND ordinal > $5 AND state = 'PENDING'
      ORDER BY ordinal LIMIT $6`,
    [scope.runId, scope.target, scope.server, scope.database, afterOrdinal, limit],
  );
  return rows;
}

/** Throws TARGET_QUERY when there is no such chunk. */
export async function loadChunk(db: Queryable, chunkId: string): Promise<Chunk> {
  const { rows } = await db.query<ChunkRow>(
    `SELECT ${chunkColumns} FROM migration_control.chunk WHERE chunk_id = $1`,
    [chunkId],
  );
  const row = rows[0];
  if (row === undefined)
    throw new MigrationError(
      'TARGET_QUERY',
      `Chunk ${chunkId} is not in migration_control.chunk. Plan the category again.`,
    );
  return toChunk(row);
}

/** Sets the state; a cause is kept with NEEDS_ATTENTION and SKIPPED and cleared by the others. */
export async function setChunkState(
  db: Queryable,
  chunkId: string,
  state: ChunkState,
  cause?: { readonly code: string; readonly message: string },
): Promise<void> {
  await db.query(
    `UPDATE migration_control.chunk SET state = $2, cause_code = $3, cause_message = $4, updated_at = now()
      WHERE chunk_id = $1`,
    [chunkId, state, cause?.code ?? null, cause?.message ?? null],
  );
}

export const chunkColumns = `chunk_id::text, category, target, server, database, run_id, window_label,
  window_from::text, window_to::text, window_null, ordinal, state, fingerprint, rows_planned, cause_code, cause_message`;

export interface ChunkRow {
  readonly chunk_id: string;
  readonly category: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly run_id: string | null;
  readonly window_label: string;
  readonly window_from: string | null;
  readonly window_to: string | null;
  readonly window_null: boolean;
  readonly ordinal: number;
  readonly state: ChunkState;
  readonly fingerprint: string;
  readonly rows_planned: RowsPlanned;
  readonly cause_code: string | null;
  readonly cause_message: string | null;
}

export function toChunk(row: ChunkRow): Chunk {
  return {
    chunkId: row.chunk_id,
    category: row.category,
    target: row.target,
    server: row.server,
    database: row.database,
    ...(row.run_id !== null && { runId: row.run_id }),
    window: toWindow(row),
    ordinal: row.ordinal,
    state: row.state,
    fingerprint: row.fingerprint,
    rowsPlanned: row.rows_planned,
    ...(row.cause_code !== null && { cause: { code: row.cause_code, message: row.cause_message ?? '' } }),
  };
}

function toWindow(row: ChunkRow): Window {
  return {
    label: row.window_label,
    ...(row.window_from !== null && { from: row.window_from }),
    ...(row.window_to !== null && { to: row.window_to }),
    ...(row.window_null && { isNull: true as const }),
  };
}
