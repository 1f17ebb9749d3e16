import type { Queryable } from '../connection.js';

/** A window as keys of objects name it. */
interface NamedWindow {
  readonly target: string;
  readonly server: string;
  readonly database: string;
  /** The plan's label. */
  readonly window: string;
}

export interface WindowState {
  /** DONE, or split into parts that stand for it: no attempt of it will be needed, and none can come to count. */
  readonly settled: boolean;
  /** Key of the quarantine file that the ledger names. */
  readonly quarantine?: string;
  /** Of a reading of the whole table that has not put its manifests yet: its parts are needed, run or no run. */
  readonly scan?: string;
}

/**
 * What the control tables say of windows of one category, in the order asked for; undefined for those that no chunk is
 * of. The windows of a target of `wholes`, which a transform brings together, are settled only all together.
 */
export async function windowStates(
  db: Queryable,
  category: string,
  windows: readonly NamedWindow[],
  wholes: readonly string[],
): Promise<readonly (WindowState | undefined)[]> {
  if (windows.length === 0 || !(await hasChunks(db))) return windows.map(() => undefined);
  const { rows } = await db.query<{
    at: number;
    settled: boolean;
    quarantine: string | null;
    scan: string | null;
  }>(
    `WITH open AS MATERIALIZED (
       SELECT DISTINCT target FROM migration_control.chunk
        WHERE category = $1 AND target = ANY ($2) AND state NOT IN ('DONE', 'SPLIT'))
     SELECT w.at::int, l.quarantine_object AS quarantine, s.attempt AS scan,
            c.state IN ('DONE', 'SPLIT') AND c.target NOT IN (SELECT target FROM open) AS settled
       FROM unnest($3::text[], $4::text[], $5::text[], $6::text[])
              WITH ORDINALITY AS w (target, server, database, window_label, at)
       JOIN migration_control.chunk c
         ON (c.category, c.target, c.server, c.database, c.window_label) = ($1, w.target, w.server, w.database, w.window_label)
       LEFT JOIN migration_control.ledger l USING (chunk_id)
       LEFT JOIN migration_control.scan s
         ON (s.category, s.target, s.server, s.database) = (c.category, c.target, c.server, c.database)`,
    [
      ...[category, wholes],
      windows.map(({ target }) => target),
      windows.map(({ server }) => server),
      windows.map(({ database }) => database),
      windows.map(({ window }) => window),
    ],
  );
  const found = new Map(rows.map((row) => [row.at, row]));
  return windows.map((_, index) => {
    const row = found.get(index + 1);
    if (row === undefined) return undefined;
    const { settled, quarantine, scan } = row;
    return { settled, ...(quarantine !== null && { quarantine }), ...(scan !== null && { scan }) };
  });
}

/** Before the first run there is no control schema. */
async function hasChunks(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ made: boolean }>(
    "SELECT to_regclass('migration_control.chunk') IS NOT NULL AS made",
  );
  return rows[0]?.made === true;
}
