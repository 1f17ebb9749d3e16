import { randomUUID } from 'node:crypto';
import type { Queryable, Target } from '../connection.js';
import type { ChunkScope } from './types.js';

/** A range of one source table's keys, as the plan cuts it; without `column` the whole table. */
export interface PlannedRange {
  /** Of the table among the target's sources. */
  readonly position: number;
  readonly column?: RangeColumn;
  /** What only the source can compare, half-open; an absent side is open. */
  readonly from?: string;
  readonly to?: string;
  /** The rows without a key. */
  readonly isNull?: true;
}

export interface RangeColumn {
  readonly name: string;
  readonly sourceType: string;
  readonly collation?: string;
}

/** The database's scan as it stands, for a run that owns it. */
export interface OpenScan {
  readonly attempt: string;
  readonly ranges: number;
  /** Those that the run has neither read nor proven yet, in order. */
  readonly left: readonly { readonly rangeId: string; readonly position: number; readonly ordinal: number }[];
}

/** A chunk that is to be read, in the epoch in which it is pending. */
export interface WantedChunk {
  readonly chunkId: string;
  readonly epoch: number;
}

/** An attempt of a run that has been replaced may still be planning: the database's chunks are not its own any more. */
const ownsChunks = `EXISTS (SELECT FROM migration_control.chunk c
  WHERE c.category = $1 AND c.target = $2 AND c.server = $3 AND c.database = $4 AND c.run_id = $5)`;

/** Takes over what an earlier run has of an equal plan, to be proven; false where there is nothing of the kind. */
export async function keepScan(db: Queryable, scope: ChunkScope, plan: string): Promise<boolean> {
  const { rowCount } = await db.query(
    // What parked it is over: from here on an epoch that was raised is that of a restart.
    `UPDATE migration_control.scan SET run_id = $5, parked = false
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND plan = $6 AND ${ownsChunks}`,
    [...scopeValues(scope), plan],
  );
  return rowCount === 1;
}

/** Plans the ranges, in the place of those of any other plan. The first plan of a run stands. */
export async function planScan(
  target: Target,
  scope: ChunkScope,
  plan: string,
  ranges: readonly PlannedRange[],
): Promise<void> {
  await target.transaction(async (client) => {
    await client.query(
      `DELETE FROM migration_control.scan
        WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND (run_id <> $5 OR plan <> $6) AND ${ownsChunks}`,
      [...scopeValues(scope), plan],
    );
    const { rows } = await client.query<{ scanId: string }>(
      `INSERT INTO migration_control.scan (category, target, server, database, run_id, plan)
       SELECT $1, $2, $3, $4, $5, $6 WHERE ${ownsChunks} ON CONFLICT DO NOTHING RETURNING scan_id::text AS "scanId"`,
      [...scopeValues(scope), plan],
    );
    const [scan] = rows;
    if (scan === undefined) return;
    await client.query(
      `INSERT INTO migration_control.scan_range
         (scan_id, position, ordinal, key_column, key_from, key_to, key_null)
       SELECT $1, p.position, row_number() OVER (PARTITION BY p.position ORDER BY p.n), p.key_column, p.key_from, p.key_to, p.key_null
         FROM unnest($2::int[], $3::jsonb[], $4::text[], $5::text[], $6::boolean[])
              WITH ORDINALITY AS p (position, key_column, key_from, key_to, key_null, n)`,
      [
        scan.scanId,
        ranges.map(({ position }) => position),
        ranges.map(({ column }) => (column === undefined ? null : JSON.stringify(column))),
        ranges.map(({ from }) => from ?? null),
        ranges.map(({ to }) => to ?? null),
        ranges.map(({ isNull }) => isNull === true),
      ],
    );
  });
}

/** The pending chunks of a database in a run that has a scan of it; undefined where there is none. */
export async function chunksToScan(
  db: Queryable,
  scope: Omit<ChunkScope, 'category'>,
): Promise<readonly WantedChunk[] | undefined> {
  const { rows } = await db.query<{ chunkId: string | null; epoch: number }>(
    `SELECT c.chunk_id::text AS "chunkId", c.epoch
       FROM migration_control.scan s
       LEFT JOIN migration_control.chunk c ON c.run_id = s.run_id AND c.target = s.target AND c.server = s.server
        AND c.database = s.database AND c.state = 'PENDING'
      WHERE s.run_id = $1 AND s.target = $2 AND s.server = $3 AND s.database = $4 ORDER BY c.ordinal`,
    [scope.runId, scope.target, scope.server, scope.database],
  );
  if (rows.length === 0) return undefined;
  return rows.flatMap(({ chunkId, epoch }) => (chunkId === null ? [] : [{ chunkId, epoch }]));
}

/**
 * Goes on with the scan where every wanted chunk was wanted before, in the same epoch (or, of one that parked, in the
 * next); else begins it anew, under another attempt. Undefined where the run has no scan (any more).
 */
export async function openScan(
  target: Target,
  scope: Omit<ChunkScope, 'category'>,
  wanted: readonly WantedChunk[],
): Promise<OpenScan | undefined> {
  return target.transaction(async (client) => {
    const { rows } = await client.query<{ scanId: string; attempt: string | null; known: number }>(
      `SELECT s.scan_id::text AS "scanId", s.attempt,
              (SELECT count(*)::int FROM migration_control.scan_window w
                 JOIN unnest($5::bigint[], $6::int[]) AS c (chunk_id, epoch) USING (chunk_id)
                WHERE w.scan_id = s.scan_id AND w.wanted AND c.epoch BETWEEN w.epoch AND w.epoch + s.parked::int) AS known
         FROM migration_control.scan s
        WHERE s.run_id = $1 AND s.target = $2 AND s.server = $3 AND s.database = $4 FOR UPDATE`,
      [
        ...[scope.runId, scope.target, scope.server, scope.database],
        wanted.map(({ chunkId }) => chunkId),
        wanted.map(({ epoch }) => epoch),
      ],
    );
    const [scan] = rows;
    if (scan === undefined) return undefined;
    const attempt = scan.known === wanted.length ? scan.attempt : null;
    if (attempt === null) return begin(client, scan.scanId, wanted);
    await client.query(
      `UPDATE migration_control.scan_window w SET epoch = c.epoch
         FROM unnest($2::bigint[], $3::int[]) AS c (chunk_id, epoch)
        WHERE w.scan_id = $1 AND w.chunk_id = c.chunk_id AND w.epoch <> c.epoch`,
      [scan.scanId, wanted.map(({ chunkId }) => chunkId), wanted.map(({ epoch }) => epoch)],
    );
    await client.query('UPDATE migration_control.scan SET parked = false WHERE scan_id = $1 AND parked', [
      scan.scanId,
    ]);
    return found(client, scan.scanId, attempt);
  });
}

async function begin(db: Queryable, scanId: string, wanted: readonly WantedChunk[]): Promise<OpenScan> {
  const attempt = randomUUID();
  await forgetRead(db, scanId);
  await db.query('UPDATE migration_control.scan SET attempt = $2, parked = false WHERE scan_id = $1', [
    scanId,
    attempt,
  ]);
  await db.query(
    `INSERT INTO migration_control.scan_window (scan_id, chunk_id, epoch, wanted)
     SELECT s.scan_id, c.chunk_id, c.epoch, c.chunk_id = ANY ($2::bigint[])
       FROM migration_control.scan s
       JOIN migration_control.chunk c ON c.run_id = s.run_id AND c.target = s.target AND c.server = s.server
        AND c.database = s.database
      WHERE s.scan_id = $1`,
    [scanId, wanted.map(({ chunkId }) => chunkId)],
  );
  return found(db, scanId, attempt);
}

/** So that all of it is read again. */
async function forgetRead(db: Queryable, scanId: string): Promise<void> {
  await db.query('DELETE FROM migration_control.scan_window WHERE scan_id = $1', [scanId]);
  await db.query(
    `DELETE FROM migration_control.scan_part p USING migration_control.scan_range r
      WHERE r.scan_id = $1 AND p.range_id = r.range_id`,
    [scanId],
  );
  await db.query(
    'UPDATE migration_control.scan_range SET rows = NULL, bytes = NULL, sum = NULL, method = NULL, read_by = NULL WHERE scan_id = $1',
    [scanId],
  );
}

async function found(db: Queryable, scanId: string, attempt: string): Promise<OpenScan> {
  const { rows } = await db.query<OpenScan['left'][number] & { readonly read: boolean | null }>(
    `SELECT range_id::text AS "rangeId", position, ordinal, read_by = run_id AS read
       FROM migration_control.scan_range JOIN migration_control.scan USING (scan_id) WHERE scan_id = $1 ORDER BY position, ordinal`,
    [scanId],
  );
  const left = rows.filter(({ read }) => read !== true);
  return {
    attempt,
    ranges: rows.length,
    left: left.map(({ rangeId, position, ordinal }) => ({ rangeId, position, ordinal })),
  };
}

/**
 * Parks the chunks that a scan was to read. What was read stays read for their retry, unless `again` says that it is what
 * is wrong.
 */
export async function parkScan(
  target: Target,
  scope: Omit<ChunkScope, 'category'>,
  cause: { readonly code: string; readonly message: string },
  again: boolean,
): Promise<void> {
  await target.transaction(async (client) => {
    const { rows } = await client.query<{ scanId: string }>(
      `UPDATE migration_control.scan SET parked = true, attempt = CASE WHEN $5 THEN NULL ELSE attempt END
        WHERE run_id = $1 AND target = $2 AND server = $3 AND database = $4 RETURNING scan_id::text AS "scanId"`,
      [scope.runId, scope.target, scope.server, scope.database, again],
    );
    const [scan] = rows;
    if (scan === undefined) return;
    await client.query(
      `UPDATE migration_control.chunk c
          SET state = 'NEEDS_ATTENTION', cause_code = $3, cause_message = $4, started_at = NULL, updated_at = now()
         FROM migration_control.scan_window w
        WHERE w.scan_id = $1 AND w.wanted AND c.chunk_id = w.chunk_id AND c.run_id = $2 AND c.state = 'PENDING'`,
      [scan.scanId, scope.runId, cause.code, cause.message],
    );
  });
}

/** Nothing more is to be read at once: what is still pending goes its own way. */
export async function endScan(db: Queryable, scope: Omit<ChunkScope, 'category'>): Promise<void> {
  await db.query(
    'DELETE FROM migration_control.scan WHERE run_id = $1 AND target = $2 AND server = $3 AND database = $4',
    [scope.runId, scope.target, scope.server, scope.database],
  );
}

/** Ends a scan whose windows are done, or go their own way (`pending`); one that others of its chunks wait for stays. */
export async function endSettledScan(
  db: Queryable,
  scope: Omit<ChunkScope, 'category'>,
  pending: readonly WantedChunk[],
): Promise<void> {
  await db.query(
    `DELETE FROM migration_control.scan s
      WHERE s.run_id = $1 AND s.target = $2 AND s.server = $3 AND s.database = $4
        AND NOT EXISTS (
          SELECT FROM migration_control.scan_window w JOIN migration_control.chunk c USING (chunk_id)
           WHERE w.scan_id = s.scan_id AND w.wanted AND c.run_id = s.run_id
             AND c.state IN ('PENDING', 'NEEDS_ATTENTION') AND c.chunk_id <> ALL ($5::bigint[]))`,
    [scope.runId, scope.target, scope.server, scope.database, pending.map(({ chunkId }) => chunkId)],
  );
}

/** Nothing is to be read in the run: what an earlier one has planned, with values of rows, has no use any more. */
export async function forgetScan(db: Queryable, scope: ChunkScope): Promise<void> {
  await db.query(
    `DELETE FROM migration_control.scan
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND ${ownsChunks}`,
    [...scopeValues(scope)],
  );
}

function scopeValues({ category, target, server, database, runId }: ChunkScope): readonly string[] {
  return [category, target, server, database, runId];
}
