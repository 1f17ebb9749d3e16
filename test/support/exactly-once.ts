import type { ConnectionPool } from 'mssql';
import type { Client } from 'pg';
import { parseStorageEnvironment } from '../../config/environment.js';
import { rawPrefix, transformedPrefix, type WindowLocation } from '../../engine/storage/keys.js';
import type { Manifest } from '../../engine/storage/manifest.js';
import { readManifest } from '../../engine/storage/manifest-store.js';
import { openBucket } from '../../engine/storage/open-bucket.js';

/** Statements that select what must not be; each row is one violation. */
const forbidden: Readonly<Record<string, string>> = {
  'chunks that are not DONE': `
    SELECT chunk_id, state FROM migration_control.chunk WHERE state <> 'DONE'`,
  'chunks without a ledger row': `
    SELECT chunk_id FROM migration_control.chunk c
     WHERE NOT EXISTS (SELECT FROM migration_control.ledger l WHERE l.chunk_id = c.chunk_id)`,
  'keys that are in the target twice': `
    SELECT cell_id, data_timestamp FROM mart.cell_perf_stats GROUP BY 1, 2 HAVING count(*) > 1`,
  'keys that are in the stage twice': `
    SELECT cell_id, data_timestamp FROM stage.cell_perf_stats GROUP BY 1, 2 HAVING count(*) > 1`,
  'hops that do not match': `
    SELECT chunk_id, hop, subject FROM migration_control.checksum WHERE NOT matches`,
  'chunks with a hop missing': `
    SELECT chunk_id FROM migration_control.chunk c
     WHERE (SELECT count(DISTINCT (hop, subject)) FROM migration_control.checksum k
             WHERE k.chunk_id = c.chunk_id AND (hop IN ('source', 'raw') OR subject = 'cell_perf_stats')) <> 6`,
  'chunks whose last stage checksum is not that of the ledger': `
    SELECT chunk_id FROM migration_control.ledger l
      JOIN (SELECT DISTINCT ON (chunk_id) chunk_id, rows, sum FROM migration_control.checksum
             WHERE hop = 'stage' ORDER BY chunk_id, taken_at DESC) k USING (chunk_id)
     WHERE (k.rows, k.sum) <> (l.rows, l.checksum_sum)`,
  'a target whose checksum is not the sum of its chunks': `
    SELECT t.rows, l.rows FROM (SELECT rows, sum FROM migration_control.target ORDER BY finished_at DESC LIMIT 1) t,
           (SELECT sum(rows) AS rows, sum(('x' || checksum_sum)::bit(64)::bigint::numeric) AS sum
              FROM migration_control.ledger) l
     WHERE t.rows <> l.rows OR mod(l.sum - ('x' || t.sum)::bit(64)::bigint, 18446744073709551616) <> 0`,
  'scans that have not ended': 'SELECT scan_id FROM migration_control.scan',
  'prepared transactions': 'SELECT gid FROM pg_prepared_xacts',
  'temporary or half-built tables': `
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND (relpersistence = 't' OR relname ~ '_new$')`,
  'sessions that stay in a transaction': `
    SELECT pid FROM pg_stat_activity
     WHERE application_name = 'migrate' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`,
};

const category = 'cell_perf_stats';
const tables = ['cell_performance_data', 'ue_statistics_data'] as const;

/**
 * What must hold at every instant, also where a worker has just died: the stage has exactly the rows that the ledger
 * says. Returns the chunks for which it has not, a line each.
 */
export async function ledgerViolations(target: Client): Promise<readonly string[]> {
  const { rows } = await target.query<{ chunk: string; staged: number; recorded: number }>(
    `SELECT chunk_id::text AS chunk, coalesce(staged, 0)::int AS staged, coalesce(l.rows, 0)::int AS recorded
       FROM (SELECT chunk_id, count(*) AS staged FROM stage.cell_perf_stats GROUP BY chunk_id) s
       FULL JOIN migration_control.ledger l USING (chunk_id)
      WHERE coalesce(staged, 0) <> coalesce(l.rows, 0)`,
  );
  return rows.map(
    ({ chunk, staged, recorded }) =>
      `chunk ${chunk}: the ledger says ${recorded} rows, the stage has ${staged}: rows are ${staged < recorded ? 'missing' : 'doubled'}`,
  );
}

/** What is wrong in target, control tables and buckets after a run, a line each; empty when all is exactly once. */
export async function violations(
  target: Client,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const found = [...(await ledgerViolations(target))];
  for (const [what, statement] of Object.entries(forbidden)) {
    const { rows } = await target.query(statement);
    if (rows.length > 0)
      found.push(`${rows.length} ${what}, first ${JSON.stringify(Object.values(rows[0]).map(String))}`);
  }
  return [...found, ...(await attemptViolations(target, environment))];
}

/** Each chunk's rows must come from one export, and from parts of the very attempts that the manifests name. */
async function attemptViolations(
  target: Client,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const raw = openBucket(environment.RAW_BUCKET ?? '', parseStorageEnvironment(environment));
  const transformed = openBucket(environment.TRANSFORMED_BUCKET ?? '', parseStorageEnvironment(environment));
  const { rows: chunks } = await target.query<Omit<WindowLocation, 'category'> & { attempt: string }>(
    `SELECT c.target, server, database, window_label AS "window", attempt
       FROM migration_control.chunk c JOIN migration_control.ledger USING (chunk_id)`,
  );
  const found: string[] = [];
  for (const chunk of chunks) {
    const place = { category, ...chunk };
    const name = `${chunk.server}/${chunk.database} ${chunk.window}`;
    const result = await readManifest(transformed, transformedPrefix(place));
    const exports = await Promise.all(
      tables.map((table) => readManifest(raw, rawPrefix({ ...place, schema: 'dbo', table }))),
    );
    // Nothing is transformed where nothing was exported.
    const empty = exports.every((manifest) => manifest?.rows === 0);
    const imported = empty ? exports[0] : result;
    if (imported?.attempt !== chunk.attempt) found.push(`${name}: the stage holds another attempt`);
    if (new Set(exports.map((manifest) => manifest?.attempt)).size !== 1)
      found.push(`${name}: two exports are mixed`);
    if (![imported, ...exports].every(hasOwnParts)) found.push(`${name}: a part is of another attempt`);
  }
  return found;
}

function hasOwnParts(manifest: Manifest | undefined): boolean {
  return manifest?.parts.every(({ key }) => key.includes(`/${manifest.attempt}/`)) === true;
}

/** Sessions of the product on a source server. */
export async function sourceSessions(pool: ConnectionPool): Promise<number> {
  const { recordset } = await pool
    .request()
    .query(`SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE program_name LIKE 'migrate/%'`);
  const [row] = recordset as unknown as readonly (readonly number[])[];
  return row?.[0] ?? -1;
}
