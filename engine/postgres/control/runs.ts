import { MigrationError } from '../../errors.js';
import type { Queryable } from '../connection.js';
import type { Reload, Run, RunState } from './types.js';

/** Writes the run's row once; false where it is there already, which a retried activity must leave as it is. */
export async function insertRun(
  db: Queryable,
  run: Pick<Run, 'runId' | 'category' | 'jobMode' | 'inputPartition' | 'config'>,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO migration_control.run (run_id, category, job_mode, input_partition, config)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run_id) DO NOTHING`,
    [run.runId, run.category, run.jobMode, run.inputPartition ?? null, JSON.stringify(run.config)],
  );
  return rowCount === 1;
}

/**
 * Ends the rows of a category's earlier runs that could not end them themselves, as their workflow was terminated.
 * Only one run of a category can exist, and it is the one that asks.
 */
export async function closeAbandoned(db: Queryable, category: string, runId: string): Promise<void> {
  await db.query(
    `UPDATE migration_control.run
        SET state = 'FAILED', finished_at = now(), failure = 'Ended without a report: its workflow was terminated.'
      WHERE category = $1 AND run_id <> $2 AND state IN ('RUNNING', 'NEEDS_ATTENTION')`,
    [category, runId],
  );
}

/** Throws TARGET_QUERY when there is no such run. */
export async function loadRun(db: Queryable, runId: string): Promise<Run> {
  const { rows } = await db.query<RunRow>(
    `SELECT run_id, category, job_mode, input_partition, config, reloads, state, report, failure,
            to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started_at,
            to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS finished_at
       FROM migration_control.run WHERE run_id = $1`,
    [runId],
  );
  const row = rows[0];
  if (row === undefined)
    throw new MigrationError(
      'TARGET_QUERY',
      `Run '${runId}' is not in migration_control.run. Start the category again: a run writes its row first.`,
    );
  return {
    runId: row.run_id,
    category: row.category,
    jobMode: row.job_mode,
    ...(row.input_partition !== null && { inputPartition: row.input_partition }),
    config: row.config,
    reloads: row.reloads,
    state: row.state,
    startedAt: row.started_at,
    ...(row.finished_at !== null && { finishedAt: row.finished_at }),
    ...(row.report !== null && { report: row.report }),
    ...(row.failure !== null && { failure: row.failure }),
  };
}

/** Sets state, end and outcome; RUNNING and NEEDS_ATTENTION leave the end open. */
export async function finishRun(
  db: Queryable,
  runId: string,
  outcome: { readonly state: RunState; readonly report?: string; readonly failure?: string },
): Promise<void> {
  await db.query(
    `UPDATE migration_control.run
        SET state = $2, report = coalesce($3, report), failure = $4,
            finished_at = CASE WHEN $2 IN ('RUNNING', 'NEEDS_ATTENTION') THEN NULL ELSE now() END
      WHERE run_id = $1`,
    [runId, outcome.state, outcome.report ?? null, outcome.failure ?? null],
  );
}

interface RunRow {
  readonly run_id: string;
  readonly category: string;
  readonly job_mode: string;
  readonly input_partition: string | null;
  readonly config: unknown;
  readonly reloads: readonly Reload[];
  readonly state: RunState;
  readonly report: string | null;
  readonly failure: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
}
