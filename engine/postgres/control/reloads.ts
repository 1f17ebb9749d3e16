import { MigrationError } from '../../errors.js';
import type { Queryable, TargetClient } from '../connection.js';
import { loadRun } from './runs.js';
import type { Reload, Run } from './types.js';

/** How often the run's configuration was changed. Throws TARGET_QUERY when there is no such run. */
export async function configRevision(db: Queryable, runId: string): Promise<number> {
  const { rows } = await db.query<{ revision: number }>(
    'SELECT jsonb_array_length(reloads) AS revision FROM migration_control.run WHERE run_id = $1',
    [runId],
  );
  if (rows[0] !== undefined) return rows[0].revision;
  throw new MigrationError(
    'TARGET_QUERY',
    `Run '${runId}' is not in migration_control.run. Start the category again: a run writes its row first.`,
  );
}

/** The run, which nobody else changes until the transaction ends. Throws TARGET_QUERY when there is no such run. */
export async function lockRun(client: TargetClient, runId: string): Promise<Run> {
  await client.query('SELECT FROM migration_control.run WHERE run_id = $1 FOR UPDATE', [runId]);
  return loadRun(client, runId);
}

/** Gives a locked run another configuration. */
export async function recordReload(
  client: TargetClient,
  runId: string,
  config: unknown,
  reload: Omit<Reload, 'at'>,
): Promise<void> {
  await client.query(
    `UPDATE migration_control.run
        SET config = $2,
            reloads = reloads || jsonb_build_array($3::jsonb || jsonb_build_object('at',
              to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
      WHERE run_id = $1`,
    [runId, JSON.stringify(config), JSON.stringify(reload)],
  );
}
