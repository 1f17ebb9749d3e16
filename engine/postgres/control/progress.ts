import type { Queryable } from '../connection.js';
import type { StepRecord } from './results.js';

/** A chunk is slow that has been under way for `factor` times the median of the finished ones, and `atLeast` seconds. */
export interface SlowPolicy {
  readonly factor: number;
  readonly atLeast: number;
}

export interface ChunkStates {
  readonly planned: number;
  readonly done: number;
  readonly parked: number;
  readonly skipped: number;
}

export interface ServerChunks extends ChunkStates {
  readonly server: string;
  readonly rowsPlanned: number;
  /** Planned rows of those that are done or skipped. */
  readonly rowsDone: number;
}

/** Chunks of the run by source server, in the order of their names. */
export async function chunksByServer(db: Queryable, runId: string): Promise<readonly ServerChunks[]> {
  const { rows } = await db.query<ServerChunks>(
    `SELECT server, count(*)::int AS planned,
            (count(*) FILTER (WHERE state = 'DONE'))::int AS done,
            (count(*) FILTER (WHERE state = 'NEEDS_ATTENTION'))::int AS parked,
            (count(*) FILTER (WHERE state = 'SKIPPED'))::int AS skipped,
            sum(rows_total)::float8 AS "rowsPlanned",
            coalesce(sum(rows_total) FILTER (WHERE state IN ('DONE', 'SKIPPED')), 0)::float8 AS "rowsDone"
       FROM migration_control.chunk WHERE run_id = $1 GROUP BY server ORDER BY server`,
    [runId],
  );
  return rows;
}

export interface StepTotals extends Pick<StepRecord, 'step' | 'rows' | 'bytes'> {
  readonly server: string;
  readonly chunks: number;
}

/** What the run has done, by source server and step; only those of which there is something. */
export async function stepsByServer(db: Queryable, runId: string): Promise<readonly StepTotals[]> {
  const { rows } = await db.query<StepTotals>(
    `SELECT server, step, count(*)::int AS chunks, sum(rows)::float8 AS rows, sum(bytes)::float8 AS bytes
       FROM migration_control.step WHERE run_id = $1 GROUP BY server, step`,
    [runId],
  );
  return rows;
}

const path = `concat_ws('/', target, server, database, window_label)`;

export interface Parked {
  readonly chunk: string;
  readonly code: string;
  readonly message: string;
}

/** The chunks that were parked first; long messages are cut. */
export async function firstParked(db: Queryable, runId: string, limit: number): Promise<readonly Parked[]> {
  const { rows } = await db.query<Parked>(
    `SELECT ${path} AS chunk, coalesce(cause_code, '') AS code, left(coalesce(cause_message, ''), 500) AS message
       FROM migration_control.chunk WHERE run_id = $1 AND state = 'NEEDS_ATTENTION'
      ORDER BY updated_at, chunk_id LIMIT $2`,
    [runId, limit],
  );
  return rows;
}

export interface SlowChunk {
  readonly chunk: string;
  readonly seconds: number;
  readonly medianSeconds: number;
}

/** How many of the latest finished chunks say what is usual. */
const medianOver = 1_000;

/** The chunks that have been under way for longest, of those that take unusually long; none before one is done. */
export async function slowChunks(
  db: Queryable,
  runId: string,
  { factor, atLeast }: SlowPolicy,
  limit: number,
): Promise<readonly SlowChunk[]> {
  const { rows: longest } = await db.query<{ chunk: string; seconds: number }>(
    `SELECT ${path} AS chunk, extract(epoch FROM now() - started_at)::float8 AS seconds
       FROM migration_control.chunk
      WHERE run_id = $1 AND state = 'PENDING' AND started_at < now() - $2 * interval '1 second'
      ORDER BY started_at LIMIT $3`,
    [runId, atLeast, limit],
  );
  // Seldom: most of the time nothing runs for so long, and no million of finished chunks has to be sorted.
  if (longest.length === 0) return [];
  const medianSeconds = await medianOfDone(db, runId);
  if (medianSeconds === undefined) return [];
  return longest
    .filter(({ seconds }) => seconds > factor * medianSeconds)
    .map((chunk) => ({ ...chunk, medianSeconds }));
}

async function medianOfDone(db: Queryable, runId: string): Promise<number | undefined> {
  const { rows } = await db.query<{ median: number | null }>(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::float8 AS median
       FROM (SELECT extract(epoch FROM updated_at - started_at) AS seconds
               FROM migration_control.chunk
              WHERE run_id = $1 AND state = 'DONE' AND started_at IS NOT NULL
              ORDER BY updated_at DESC LIMIT ${medianOver}) AS latest`,
    [runId],
  );
  return rows[0]?.median ?? undefined;
}
