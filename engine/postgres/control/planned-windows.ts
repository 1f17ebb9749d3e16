import { chained } from '../../plan/key-windows.js';
import { type KeyGrid, partitionRange, type Window } from '../../plan/windows.js';
import type { Queryable } from '../connection.js';
import type { ChunkScope } from './types.js';
import { type WindowRow, windowOf, windowSelection } from './window-row.js';

/** `YYYYMM` of every window that a run plans for a target and that lies in one month. */
export async function plannedMonths(
  db: Queryable,
  runId: string,
  target: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ month: string }>(
    `SELECT DISTINCT to_char(window_from, 'YYYYMM') AS month FROM migration_control.chunk
      WHERE run_id = $1 AND target = $2
        AND window_to <= date_trunc('month', window_from) + interval '1 month' ORDER BY 1`,
    [runId, target],
  );
  return rows.map(({ month }) => month);
}

/** A window that an earlier run split, and what is left of it after every split of a part: in order, without gap. */
export interface SplitWindow {
  readonly whole: Window;
  readonly parts: readonly Window[];
}

/**
 * The windows of one database that have parts. Their state does not say so: a restart has planned the wholes already,
 * and its removal, which ends the splits, may never come.
 */
export async function splitWindows(
  db: Queryable,
  { category, target, server, database }: Omit<ChunkScope, 'runId'>,
): Promise<readonly SplitWindow[]> {
  const { rows } = await db.query<SplitWindow>(
    `WITH RECURSIVE piece AS (
       SELECT split_of AS whole_id, chunk_id FROM migration_control.chunk
        WHERE category = $1 AND target = $2 AND server = $3 AND database = $4 AND split_of IS NOT NULL
       UNION ALL
       SELECT piece.whole_id, c.chunk_id
         FROM piece JOIN migration_control.chunk c ON c.split_of = piece.chunk_id)
     SELECT jsonb_build_object('label', w.window_label, 'from', w.window_from::text, 'to', w.window_to::text) AS whole,
            jsonb_agg(jsonb_build_object('label', p.window_label, 'from', p.window_from::text, 'to', p.window_to::text)
                      ORDER BY p.window_from) AS parts
       FROM piece JOIN migration_control.chunk w ON w.chunk_id = piece.whole_id
            JOIN migration_control.chunk p ON p.chunk_id = piece.chunk_id
      WHERE NOT EXISTS (SELECT FROM migration_control.chunk c WHERE c.split_of = piece.chunk_id)
      GROUP BY w.chunk_id`,
    [category, target, server, database],
  );
  return rows;
}

/**
 * The windows by key that the latest run planned, parts in the place of what was split, in order; empty where there is
 * no such grid. A grid outlives its run: the keys would be cut elsewhere today, and what is done would have to be done
 * again.
 */
export async function keptGrid(
  db: Queryable,
  { category, target, server, database }: Omit<ChunkScope, 'runId'>,
  { of, partition }: KeyGrid,
): Promise<readonly Window[]> {
  const { rows } = await db.query<WindowRow>(
    `SELECT ${windowSelection} FROM (
       SELECT c.*, rank() OVER (ORDER BY r.started_at DESC, r.run_id) AS age
         FROM migration_control.chunk c JOIN migration_control.run r USING (run_id)
        WHERE c.category = $1 AND target = $2 AND server = $3 AND database = $4 AND key_of = $5 AND NOT key_null
          AND window_from IS NOT DISTINCT FROM $6::timestamp AND window_to IS NOT DISTINCT FROM $7::timestamp) AS planned
      WHERE age = 1`,
    [category, target, server, database, of, partition?.from ?? null, partition?.to ?? null],
  );
  return chained(rows.map(windowOf));
}

/**
 * Rows in the stage, and so in the target, of windows that an earlier run planned and this one does not: a filter
 * was narrowed, a database taken out. Call it after the removal of a restart. With `inputPartition` only windows
 * inside of it count, as all others are left out on purpose.
 */
export async function rowsOutsidePlan(
  db: Queryable,
  runId: string,
  run: { readonly category: string; readonly targets: readonly string[]; readonly inputPartition?: string },
): Promise<number> {
  const range = run.inputPartition === undefined ? undefined : partitionRange(run.inputPartition);
  const { rows } = await db.query<{ rows: number }>(
    `SELECT coalesce(sum(l.rows), 0)::float8 AS rows
       FROM migration_control.ledger l JOIN migration_control.chunk c USING (chunk_id)
      WHERE c.category = $2 AND c.target = ANY ($3) AND c.run_id IS DISTINCT FROM $1
        AND ($4::timestamp IS NULL OR (NOT window_null AND tsrange(window_from, window_to) <@ tsrange($4, $5)))`,
    [runId, run.category, run.targets, range?.from ?? null, range?.to ?? null],
  );
  return rows[0]?.rows ?? 0;
}
