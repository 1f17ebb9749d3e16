import type { Queryable } from '../connection.js';
import { loadRun } from './runs.js';
import type { Run } from './types.js';

/** The category's latest run, or the one of that id; undefined where there is none, or nothing was ever migrated. */
export async function findRun(db: Queryable, category: string, runId?: string): Promise<Run | undefined> {
  const { rows: made } = await db.query<{ made: boolean }>(
    "SELECT to_regclass('migration_control.run') IS NOT NULL AS made",
  );
  if (made[0]?.made !== true) return undefined;
  const { rows } = await db.query<{ run_id: string }>(
    `SELECT run_id FROM migration_control.run
      WHERE category = $1 AND ($2::text IS NULL OR run_id = $2) ORDER BY started_at DESC LIMIT 1`,
    [category, runId ?? null],
  );
  return rows[0] === undefined ? undefined : loadRun(db, rows[0].run_id);
}
