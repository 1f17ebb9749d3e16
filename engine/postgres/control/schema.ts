import { createHash } from 'node:crypto';
import { sqlFile } from '../../sql-files.js';
import type { Target, TargetClient } from '../connection.js';
import { ensureSchema } from '../schemas.js';

/** Applied once each, in this order, and never edited afterwards. */
const tables = [
  'control/001_runs.sql',
  'control/002_chunks.sql',
  'control/003_ledger.sql',
  'control/004_results.sql',
  'control/005_replaced.sql',
  'control/006_source_limit.sql',
  'control/007_reloads.sql',
  'control/020_source_table.sql',
  'control/021_target.sql',
  'control/022_join_mismatches.sql',
  'control/023_removal.sql',
  'control/024_whole.sql',
  'control/025_scan.sql',
  'control/026_rows_estimated.sql',
];

/** CREATE OR REPLACE throughout: applied again whenever their text changes. */
const routines = [
  'postgres/010_shape.sql',
  'postgres/020_dependents.sql',
  'postgres/030_finalize.sql',
  'postgres/040_drop_old.sql',
  'postgres/050_stage.sql',
];

/**
 * Brings schema migration_control up to date; safe to call by many at once and again.
 * Throws TARGET_PERMISSION naming the missing grant.
 */
export async function applyControlSchema(target: Target): Promise<void> {
  await target.transaction(async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('migrate control schema', 0))`);
    await ensureSchema(client, 'migration_control');
    await client.query(
      `CREATE TABLE IF NOT EXISTS migration_control.applied (
         file text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    );
    const { rows } = await client.query<{ file: string; sha256: string }>(
      'SELECT file, sha256 FROM migration_control.applied',
    );
    const applied = new Map(rows.map(({ file, sha256 }) => [file, sha256]));
    for (const file of tables) if (!applied.has(file)) await apply(client, file);
    for (const file of routines) if (applied.get(file) !== sha256Of(file)) await apply(client, file);
  });
}

async function apply(client: TargetClient, file: string): Promise<void> {
  await client.query(sqlFile(file));
  await client.query(
    `INSERT INTO migration_control.applied (file, sha256) VALUES ($1, $2)
     ON CONFLICT (file) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()`,
    [file, sha256Of(file)],
  );
}

function sha256Of(file: string): string {
  return createHash('sha256').update(sqlFile(file)).digest('hex');
}
