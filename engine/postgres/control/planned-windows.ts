import type { Queryable } from '../connection.js';

/** Labels of the windows that a run plans for a target, each once; a plan has thousands at the most. */
export async function plannedWindows(
  db: Queryable,
  runId: string,
  target: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ label: string }>(
    `SELECT DISTINCT window_label AS label FROM migration_control.chunk
      WHERE run_id = $1 AND target = $2 ORDER BY 1`,
    [runId, target],
  );
  return rows.map(({ label }) => label);
}
