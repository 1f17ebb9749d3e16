import type { Queryable } from '../connection.js';
import { sqlState } from '../errors.js';

const undefinedTable = '42P01';

/** Whether the control schema, which the first run makes, is there. */
export async function hasSourceLimits(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>(
    `SELECT to_regclass('migration_control.source_limit') IS NOT NULL AS there`,
  );
  return rows[0]?.there === true;
}

/** Keeps how many sessions a source server (`host:port`) grants from now on. */
export async function writeSourceLimit(db: Queryable, endpoint: string, perServer: number): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.source_limit (endpoint, per_server) VALUES ($1, $2)
     ON CONFLICT (endpoint) DO UPDATE SET per_server = excluded.per_server, updated_at = now()
      WHERE source_limit.per_server <> excluded.per_server`,
    [endpoint, perServer],
  );
}

/** Changes a limit that is kept; keeps none that is not. */
export async function correctSourceLimit(db: Queryable, endpoint: string, perServer: number): Promise<void> {
  await db.query(
    `UPDATE migration_control.source_limit SET per_server = $2, updated_at = now()
      WHERE endpoint = $1 AND per_server <> $2`,
    [endpoint, perServer],
  );
}

/** The kept limit of a server; undefined where none was, also before the first run has made the control schema. */
export async function findSourceLimit(db: Queryable, endpoint: string): Promise<number | undefined> {
  try {
    const { rows } = await db.query<{ limit: number }>(
      'SELECT per_server AS "limit" FROM migration_control.source_limit WHERE endpoint = $1',
      [endpoint],
    );
    return rows[0]?.limit;
  } catch (error) {
    if (sqlState(error) === undefinedTable) return undefined;
    throw error;
  }
}
