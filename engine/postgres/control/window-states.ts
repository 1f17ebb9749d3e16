import type { Queryable } from '../connection.js';

/** A window as keys of objects name it. */
interface NamedWindow {
  readonly category: string;
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
}

/** What the control tables say of windows, in the order asked for; undefined for those that no chunk is of. */
export async function windowStates(
  db: Queryable,
  windows: readonly NamedWindow[],
): Promise<readonly (WindowState | undefined)[]> {
  if (windows.length === 0 || !(await hasChunks(db))) return windows.map(() => undefined);
  const { rows } = await db.query<{ at: number; settled: boolean; quarantine: string | null }>(
    `SELECT w.at::int, c.state IN ('DONE', 'SPLIT') AS settled, l.quarantine_object AS quarantine
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
              WITH ORDINALITY AS w (category, target, server, database, window_label, at)
       JOIN migration_control.chunk c USING (category, target, server, database, window_label)
       LEFT JOIN migration_control.ledger l USING (chunk_id)`,
    [
      windows.map(({ category }) => category),
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
    return { settled: row.settled, ...(row.quarantine !== null && { quarantine: row.quarantine }) };
  });
}

/** Targets, servers and databases of a category that have chunks which are not settled. */
export async function openDatabases(
  db: Queryable,
  category: string,
): Promise<readonly { readonly target: string; readonly server: string; readonly database: string }[]> {
  if (!(await hasChunks(db))) return [];
  const { rows } = await db.query<{ target: string; server: string; database: string }>(
    `SELECT DISTINCT target, server, database FROM migration_control.chunk
      WHERE category = $1 AND state NOT IN ('DONE', 'SPLIT')`,
    [category],
  );
  return rows;
}

/** Before the first run there is no control schema. */
async function hasChunks(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ made: boolean }>(
    "SELECT to_regclass('migration_control.chunk') IS NOT NULL AS made",
  );
  return rows[0]?.made === true;
}
