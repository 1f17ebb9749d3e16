import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import { partitionRange } from '../plan/windows.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target, TargetClient } from './connection.js';
import { endSplits, releaseCovered } from './control/plan-chunks.js';
import { monthChild, quoteName, stageName } from './names.js';
import { findRelation } from './shape.js';

export interface RemovalInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly runId: string;
  readonly category: string;
  readonly sources: readonly { readonly server: string; readonly database: string }[];
  /** `YYYYMM` or `YYYYMMDD`; absent for all. */
  readonly inputPartition?: string;
  readonly signal: AbortSignal;
  /** Called about each second while the server works. */
  readonly onProgress?: () => void;
}

export interface Removal {
  readonly rowsRemoved: number;
  /** `before`: this run has removed already. */
  readonly form: 'nothing' | 'truncate' | 'delete' | 'before';
}

/**
 * What `job_mode: restart` takes out of the stage before anything is imported again: all, a month or a day of the
 * run's own sources, with the ledger rows, in one transaction. TRUNCATE only where every row of the table (or of
 * the month's child) is of those chunks, else DELETE by chunk_id. The chunks become PENDING, in an epoch of their
 * own. Once for each run and target, however often it is called.
 * Throws PLAN_OVERLAP, before anything is removed, when imported windows reach beyond the partition.
 */
export async function removeRows(input: RemovalInput): Promise<Removal> {
  return input.target.transaction(async (client) => {
    if (!(await claim(client, input))) return { rowsRemoved: 0, form: 'before' };
    const chunkIds = await chunksToRemove(client, input);
    const removal = await whileBackendWorks(input.target, client, input.onProgress, () =>
      removeChunks(client, input, chunkIds),
    );
    await forget(client, input, chunkIds);
    await client.query(
      'UPDATE migration_control.removal SET rows = $3, form = $4 WHERE run_id = $1 AND target = $2',
      [input.runId, input.table.name, removal.rowsRemoved, removal.form],
    );
    return removal;
  }, input.signal);
}

/** True for the first: a second attempt waits here for the first's end, and removes nothing where it committed. */
async function claim(client: TargetClient, { runId, table }: RemovalInput): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO migration_control.removal (run_id, target, rows, form) VALUES ($1, $2, 0, '') ON CONFLICT DO NOTHING`,
    [runId, table.name],
  );
  return rowCount === 1;
}

async function removeChunks(
  client: TargetClient,
  { table, inputPartition }: RemovalInput,
  chunkIds: readonly string[],
): Promise<Removal> {
  if ((await findRelation(client, table.stageSchema, table.name)) === undefined)
    return { rowsRemoved: 0, form: 'nothing' };
  // Imports wait, readers do not, until it is known what may be truncated.
  await client.query(`LOCK TABLE ${stageName(table)} IN SHARE ROW EXCLUSIVE MODE`);
  const { rows } = await client.query<{ rows: number }>(
    `SELECT count(*)::float8 AS rows FROM ${stageName(table)} WHERE chunk_id = ANY ($1::bigint[])`,
    [chunkIds],
  );
  const truncated = await truncate(client, table, inputPartition, chunkIds);
  const deleted = await client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = ANY ($1::bigint[])`, [
    chunkIds,
  ]);
  const form = truncated ? 'truncate' : deleted.rowCount === 0 ? 'nothing' : 'delete';
  return { rowsRemoved: rows[0]?.rows ?? 0, form };
}

async function chunksToRemove(client: TargetClient, input: RemovalInput): Promise<readonly string[]> {
  const { table, category, sources, inputPartition } = input;
  const range = inputPartition === undefined ? undefined : partitionRange(inputPartition);
  const { rows } = await client.query<{ chunkId: string; inside: boolean; label: string; place: string }>(
    `SELECT c.chunk_id::text AS "chunkId", c.window_label AS label, c.server || '/' || c.database AS place,
            $5::timestamp IS NULL OR tsrange(window_from, window_to) <@ tsrange($5, $6) AS inside
       FROM migration_control.chunk c
       JOIN unnest($3::text[], $4::text[]) AS s (server, database) USING (server, database)
       LEFT JOIN migration_control.ledger l ON l.chunk_id = c.chunk_id
      WHERE category = $1 AND c.target = $2
        AND ($5::timestamp IS NULL OR (NOT window_null AND tsrange(window_from, window_to) && tsrange($5, $6)))
        AND ($5::timestamp IS NULL OR l.rows > 0 OR tsrange(window_from, window_to) <@ tsrange($5, $6))
      ORDER BY c.chunk_id`,
    [
      category,
      table.name,
      sources.map(({ server }) => server),
      sources.map(({ database }) => database),
      range?.from ?? null,
      range?.to ?? null,
    ],
  );
  const wider = rows.find(({ inside }) => !inside);
  if (wider !== undefined)
    throw new MigrationError(
      'PLAN_OVERLAP',
      `Window ${wider.label} of ${wider.place} was imported as a whole and reaches beyond input_partition ${inputPartition}. ` +
        'Restart a partition that covers it, or everything (no input_partition).',
    );
  return rows.map(({ chunkId }) => chunkId);
}

/** Truncates the relation that the partition names, if it exists and holds rows of these chunks only. */
async function truncate(
  client: TargetClient,
  table: TargetConfig,
  inputPartition: string | undefined,
  chunkIds: readonly string[],
): Promise<boolean> {
  if (inputPartition !== undefined && (inputPartition.length !== 6 || table.partitionColumn === undefined))
    return false;
  const name = inputPartition === undefined ? table.name : monthChild(table, inputPartition);
  if ((await findRelation(client, table.stageSchema, name)) === undefined) return false;
  const relation = quoteName(table.stageSchema, name);
  const { rows } = await client.query<{ any: boolean; foreign: boolean }>(
    `SELECT EXISTS (SELECT FROM ${relation}) AS any,
            EXISTS (SELECT FROM ${relation} WHERE chunk_id <> ALL ($1::bigint[])) AS foreign`,
    [chunkIds],
  );
  if (!rows[0]?.any || rows[0].foreign) return false;
  await client.query(`TRUNCATE ${relation}`);
  return true;
}

/**
 * Also the run's planned chunks that have no row yet: what was exported of them is of an earlier epoch too. Chunks of
 * another grid, and parts of what is whole again, are let go: the run's own windows bring their rows.
 */
async function forget(
  client: TargetClient,
  { runId, table, category, sources }: RemovalInput,
  chunkIds: readonly string[],
): Promise<void> {
  await client.query('DELETE FROM migration_control.ledger WHERE chunk_id = ANY ($1::bigint[])', [chunkIds]);
  await client.query(
    `UPDATE migration_control.chunk
        SET state = 'PENDING', epoch = epoch + 1, cause_code = NULL, cause_message = NULL, updated_at = now()
      WHERE chunk_id = ANY ($1::bigint[]) OR (run_id = $2 AND target = $3)`,
    [chunkIds, runId, table.name],
  );
  await endSplits(client, runId, table.name);
  for (const source of sources)
    await releaseCovered(client, { runId, category, target: table.name, ...source });
}
