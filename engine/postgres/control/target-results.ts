import type { Queryable } from '../connection.js';

export interface TargetRecord {
  readonly runId: string;
  readonly target: string;
  readonly targetSchema: string;
  readonly rows: number;
  /** 16 hex digits; see SetChecksum. */
  readonly sum: string;
  readonly seconds: number;
  readonly reused: boolean;
  /** Table that was live before and is kept. */
  readonly oldTable?: string | undefined;
}

/** Keeps what a finalize found. A retry that found its own swap done does not hide the name of the old table. */
export async function recordTarget(db: Queryable, record: TargetRecord): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.target AS t
       (run_id, target, target_schema, rows, sum, seconds, reused, old_table)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (run_id, target) DO UPDATE SET
       rows = excluded.rows, sum = excluded.sum, seconds = excluded.seconds, reused = excluded.reused,
       old_table = coalesce(excluded.old_table, t.old_table), finished_at = now()`,
    [
      record.runId,
      record.target,
      record.targetSchema,
      record.rows,
      record.sum,
      record.seconds,
      record.reused,
      record.oldTable ?? null,
    ],
  );
}

export async function listTargets(db: Queryable, runId: string): Promise<readonly TargetRecord[]> {
  const { rows } = await db.query<TargetRecord>(
    `SELECT run_id AS "runId", target, target_schema AS "targetSchema", rows::float8 AS rows, sum, seconds, reused,
            old_table AS "oldTable"
       FROM migration_control.target WHERE run_id = $1 ORDER BY target`,
    [runId],
  );
  return rows;
}
