import { MigrationError } from '../../errors.js';
import type { Queryable, Target, TargetClient } from '../connection.js';
import type { ChunkScope, PlannedChunk } from './types.js';
import { windowArrays, windowColumns, windowParameters, windowUpdate } from './window-row.js';

/** Where a plan belongs, the schema of the stage that it fills, and how many rows of a chunk may be in quarantine. */
type PlanScope = ChunkScope & { readonly stageSchema: string; readonly quarantineLimit: number };

export interface PlanCounts {
  readonly chunks: number;
  /** Chunks that stay DONE: nothing has to be read or written for them. */
  readonly done: number;
}

const batchSize = 5_000;

/**
 * Makes the plan of one database the control table's: inserts new chunks, takes over known ones, in one
 * transaction. A chunk stays DONE only if its ledger row has the planned fingerprint, the stage really holds as many
 * of its rows (`staged`, out of `stageCounts`), and no more are in quarantine than may be; all else becomes PENDING.
 * The first plan of a run stands: another attempt may have seen other rows at the source, and would move ordinals
 * under a running copy.
 */
export async function planChunks(
  target: Target,
  scope: PlanScope,
  chunks: readonly PlannedChunk[],
  staged: ReadonlyMap<string, number>,
): Promise<PlanCounts> {
  return target.transaction(async (client) => {
    await lockPlan(client, scope);
    const planned = await countPlanned(client, scope);
    if (planned.chunks > 0) return planned;
    for (let at = 0; at < chunks.length; at += batchSize)
      await upsert(client, scope, chunks.slice(at, at + batchSize));
    await reopenStale(client, scope, staged);
    await keepSplit(client, scope);
    await releaseCovered(client, scope);
    return countPlanned(client, scope);
  });
}

/** Until the transaction ends nobody else changes which chunks the database has. */
export async function lockPlan(client: TargetClient, scope: ChunkScope): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `migrate plan ${scopeValues(scope).join('/')}`,
  ]);
}

/**
 * Rows imported under an older grid (months, now days) would meet the new ones in the target. Throws
 * PLAN_OVERLAP naming the windows when a chunk outside the run's plan has rows inside it. Call it after the
 * removal of a restart.
 */
export async function refuseOverlaps(db: Queryable, runId: string): Promise<void> {
  const { rows } = await db.query<{ readonly place: string; readonly labels: string; readonly n: number }>(
    `SELECT old.server || '/' || old.database || ' of ' || old.target AS place, count(DISTINCT old.window_label)::int AS n,
            (array_to_string((array_agg(DISTINCT old.window_label))[1:5], ', ')) AS labels
       FROM migration_control.chunk new
       JOIN migration_control.chunk old USING (category, target, server, database)
       JOIN migration_control.ledger l ON l.chunk_id = old.chunk_id AND l.rows > 0
      WHERE new.run_id = $1 AND old.run_id IS DISTINCT FROM $1
        AND CASE WHEN old.window_null AND new.window_null THEN true
                 -- Only a window without any bound takes the NULLs of another plan's column too.
                 WHEN old.window_null THEN new.window_from IS NULL AND new.window_to IS NULL
                 WHEN new.window_null THEN old.window_from IS NULL AND old.window_to IS NULL
                 ELSE tsrange(old.window_from, old.window_to) && tsrange(new.window_from, new.window_to) END
      GROUP BY 1 ORDER BY 1 LIMIT 5`,
    [runId],
  );
  if (rows.length === 0) return;
  throw new MigrationError(
    'PLAN_OVERLAP',
    `Rows of other windows were imported before and overlap this plan: ${rows
      .map(({ place, labels, n }) => `${place}: ${labels}${n > 5 ? ` and ${n - 5} more` : ''}`)
      .join(
        '; ',
      )}. Run with "job_mode": "restart" over the whole of those windows, or go back to the earlier "chunk" of the category file.`,
  );
}

/**
 * What the run's windows cover and nothing is in the stage of (an open end, now cut into days; parts of a window that
 * a restart has made whole again) is nobody's any more.
 */
export async function releaseCovered(client: TargetClient, scope: ChunkScope): Promise<void> {
  await client.query(
    `UPDATE migration_control.chunk old SET run_id = NULL
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND run_id <> $5 AND NOT window_null
        AND tsrange(window_from, window_to) <@ (
          SELECT range_merge(range_agg(tsrange(p.window_from, p.window_to))) FROM migration_control.chunk p
           WHERE p.category = $1 AND p.target = $2 AND p.server = $3 AND p.database = $4 AND p.run_id = $5 AND NOT p.window_null)
        AND NOT EXISTS (SELECT FROM migration_control.ledger l WHERE l.chunk_id = old.chunk_id AND l.rows > 0)`,
    scopeValues(scope),
  );
}

/**
 * A whole with parts that the run does not plan is split, also where a restart that ended before its removal has
 * planned it as a whole.
 */
async function keepSplit(client: TargetClient, scope: ChunkScope): Promise<void> {
  await client.query(
    `UPDATE migration_control.chunk w SET state = 'SPLIT', run_id = NULL, updated_at = now()
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND run_id <> $5
        AND EXISTS (SELECT FROM migration_control.chunk p WHERE p.split_of = w.chunk_id)`,
    scopeValues(scope),
  );
}

/** The windows that a run has planned as wholes, for one target, have no parts any more, nor have those. */
export async function endSplits(client: TargetClient, runId: string, target: string): Promise<void> {
  await client.query(
    `WITH RECURSIVE part AS (
       SELECT p.chunk_id
         FROM migration_control.chunk w JOIN migration_control.chunk p ON p.split_of = w.chunk_id
        WHERE w.run_id = $1 AND w.target = $2
       UNION ALL
       SELECT p.chunk_id FROM part JOIN migration_control.chunk p ON p.split_of = part.chunk_id)
     UPDATE migration_control.chunk SET split_of = NULL WHERE chunk_id IN (SELECT chunk_id FROM part)`,
    [runId, target],
  );
}

async function upsert(client: TargetClient, scope: PlanScope, chunks: readonly PlannedChunk[]) {
  await client.query(
    `INSERT INTO migration_control.chunk AS c
       (category, target, server, database, run_id, stage_schema, ordinal, fingerprint, rows_planned, ${windowColumns})
     SELECT $1, $2, $3, $4, $5, $6, p.* FROM unnest($7::int[], $8::text[], $9::jsonb[], ${windowParameters(10)}) AS p
     ON CONFLICT (category, target, server, database, window_label) DO UPDATE SET
       ${windowUpdate}, ordinal = excluded.ordinal, fingerprint = excluded.fingerprint, rows_planned = excluded.rows_planned,
       rows_estimated = false, state = CASE WHEN c.state = 'DONE' THEN c.state ELSE 'PENDING' END, cause_code = NULL, cause_message = NULL,
       stage_schema = excluded.stage_schema, run_id = excluded.run_id, started_at = NULL, updated_at = now()`,
    [
      ...scopeValues(scope),
      scope.stageSchema,
      chunks.map(({ ordinal }) => ordinal),
      chunks.map(({ fingerprint }) => fingerprint),
      chunks.map(({ rowsPlanned }) => JSON.stringify(rowsPlanned)),
      ...windowArrays(chunks.map(({ window }) => window)),
    ],
  );
}

async function reopenStale(client: TargetClient, scope: PlanScope, staged: ReadonlyMap<string, number>) {
  await client.query(
    `UPDATE migration_control.chunk c SET state = 'PENDING', updated_at = now()
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND run_id = $5 AND state = 'DONE'
        AND NOT EXISTS (
          SELECT FROM migration_control.ledger l
            LEFT JOIN unnest($6::bigint[], $7::bigint[]) AS s (chunk_id, rows) ON s.chunk_id = l.chunk_id
           WHERE l.chunk_id = c.chunk_id AND l.fingerprint = c.fingerprint AND l.rows = coalesce(s.rows, 0)
             AND l.quarantined_rows <= $8)`,
    [...scopeValues(scope), [...staged.keys()], [...staged.values()], scope.quarantineLimit],
  );
}

async function countPlanned(client: TargetClient, scope: ChunkScope): Promise<PlanCounts> {
  const { rows } = await client.query<PlanCounts>(
    `SELECT count(*)::int AS chunks, (count(*) FILTER (WHERE state = 'DONE'))::int AS done
       FROM migration_control.chunk
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND run_id = $5`,
    scopeValues(scope),
  );
  return rows[0] ?? { chunks: 0, done: 0 };
}

function scopeValues({ category, target, server, database, runId }: ChunkScope): string[] {
  return [category, target, server, database, runId];
}
