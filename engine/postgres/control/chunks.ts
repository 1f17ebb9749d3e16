import { MigrationError } from '../../errors.js';
import type { Queryable } from '../connection.js';
import type { Chunk, ChunkScope, ChunkState, RowsPlanned } from './types.js';
import { passConditions } from './whole-member.js';
import { type WindowRow, windowOf, windowSelection } from './window-row.js';

/** The next PENDING chunks with a larger ordinal that a pass is for, in order; at most `limit`. */
export async function listPending(
  db: Queryable,
  scope: Omit<ChunkScope, 'category'>,
  pass: keyof typeof passConditions,
  afterOrdinal: number,
  limit: number,
): Promise<readonly { readonly chunkId: string; readonly ordinal: number; readonly window: string }[]> {
  const { rows } = await db.query<{ chunkId: string; ordinal: number; window: string }>(
    `SELECT chunk_id::text AS "chunkId", ordinal, window_label AS "window"
       FROM migration_control.chunk
      WHERE run_id = $1 AND target = $2 AND server = $3 AND database = $4 AND ordinal > $5 AND state = 'PENDING'
        AND ${passConditions[pass]}
      ORDER BY ordinal LIMIT $6`,
    [scope.runId, scope.target, scope.server, scope.database, afterOrdinal, limit],
  );
  return rows;
}

/** Whoever owns the chunk. Throws TARGET_QUERY when there is no such chunk. */
export async function loadChunk(db: Queryable, { chunkId }: Pick<OwnedChunk, 'chunkId'>): Promise<Chunk> {
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

/** As `loadChunk`, and notes that an attempt begins at the source. Throws SUPERSEDED where a newer run owns the chunk. */
export async function startChunk(db: Queryable, { runId, chunkId }: OwnedChunk): Promise<Chunk> {
  const { rows } = await db.query<ChunkRow>(
    `UPDATE migration_control.chunk SET started_at = now() WHERE chunk_id = $1 AND run_id = $2 RETURNING ${chunkColumns}`,
    [chunkId, runId],
  );
  const row = rows[0];
  if (row === undefined) throw superseded(chunkId);
  return toChunk(row);
}

export interface OwnedChunk {
  readonly runId: string;
  readonly chunkId: string;
}

/** Until the transaction ends, nobody else brings rows of the chunk into the stage. */
export async function lockChunk(db: Queryable, chunkId: string): Promise<void> {
  await db.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate chunk ${chunkId}`]);
}

/**
 * Requires that the run still owns the chunk as it was planned, and keeps it so until the transaction ends. An
 * attempt that Temporal has given up may live on for a while, and must not write over what a newer run has done.
 * Throws SUPERSEDED.
 */
export async function requireOwned(
  db: Queryable,
  { runId, chunkId, epoch }: OwnedChunk & { readonly epoch: number },
  fingerprint: string,
): Promise<void> {
  const { rowCount } = await db.query(
    `SELECT FROM migration_control.chunk
      WHERE chunk_id = $1 AND run_id = $2 AND fingerprint = $3 AND epoch = $4 FOR SHARE`,
    [chunkId, runId, fingerprint, epoch],
  );
  if (rowCount !== 1) throw superseded(chunkId);
}

/** Only with the ledger row of the very rows that were checked. Throws SUPERSEDED where a newer run owns the chunk. */
export async function markDone(
  db: Queryable,
  { runId, chunkId }: OwnedChunk,
  fingerprint: string,
): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE migration_control.chunk c SET state = 'DONE', cause_code = NULL, cause_message = NULL, updated_at = now()
      WHERE chunk_id = $1 AND run_id = $2 AND fingerprint = $3
        AND EXISTS (SELECT FROM migration_control.ledger l WHERE l.chunk_id = c.chunk_id AND l.fingerprint = $3)`,
    [chunkId, runId, fingerprint],
  );
  if (rowCount !== 1) throw superseded(chunkId);
}

/**
 * PENDING -> NEEDS_ATTENTION with its cause; nothing where the chunk is done or owned by a newer run. `renew`
 * makes whoever runs it again begin at the source.
 */
export async function parkChunk(
  db: Queryable,
  { runId, chunkId }: OwnedChunk,
  cause: { readonly code: string; readonly message: string },
  renew: boolean,
): Promise<void> {
  await db.query(
    `UPDATE migration_control.chunk
        SET state = 'NEEDS_ATTENTION', cause_code = $3, cause_message = $4, epoch = epoch + $5::int,
            started_at = NULL, updated_at = now()
      WHERE chunk_id = $1 AND run_id = $2 AND state = 'PENDING'`,
    [chunkId, runId, cause.code, cause.message, renew ? 1 : 0],
  );
}

function superseded(chunkId: string): MigrationError {
  return new MigrationError(
    'SUPERSEDED',
    `Chunk ${chunkId} was taken over by a newer run, removed by it, or split into parts, while this attempt was at work; nothing of it was kept.`,
  );
}

export const chunkColumns = `chunk_id::text, category, target, server, database, run_id, ${windowSelection}, ordinal,
  state, fingerprint, epoch, rows_planned, cause_code, cause_message`;

export interface ChunkRow extends WindowRow {
  readonly chunk_id: string;
  readonly category: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly run_id: string | null;
  readonly ordinal: number;
  readonly state: ChunkState;
  readonly fingerprint: string;
  readonly epoch: number;
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
    window: windowOf(row),
    ordinal: row.ordinal,
    state: row.state,
    fingerprint: row.fingerprint,
    epoch: row.epoch,
    rowsPlanned: row.rows_planned,
    ...(row.cause_code !== null && { cause: { code: row.cause_code, message: row.cause_message ?? '' } }),
  };
}
