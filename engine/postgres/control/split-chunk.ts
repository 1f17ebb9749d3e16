import type { TargetConfig } from '../../../config/run-config.js';
import { MigrationError } from '../../errors.js';
import { windowFingerprint } from '../../plan/fingerprint.js';
import { shareRows, splitWindow } from '../../plan/split-window.js';
import type { Window } from '../../plan/windows.js';
import type { Queryable, TargetClient } from '../connection.js';
import { type CheckedTable, checkedTables } from './checked-tables.js';
import { type ChunkRow, chunkColumns, toChunk } from './chunks.js';
import { type ChunkChange, forgetRows } from './parked.js';
import { lockPlan } from './plan-chunks.js';
import { type NamedChunk, selected, selectionValues } from './selection.js';
import type { Chunk, PlannedChunk, RowsPlanned } from './types.js';
import { windowArrays, windowColumns, windowParameters, windowUpdate } from './window-row.js';

/** How long a split waits for an import of the whole; then whoever asked may end that, and ask again. */
const lockTimeout = '5s';

/** A part of a chunk, and its rows by `schema.table`. */
interface Part {
  readonly window: Window;
  readonly rows: RowsPlanned;
}

/** Cuts a window by key, which only the source can do, into so many parts. Throws CHUNK_UNSPLITTABLE, SOURCE_*. */
export type CutKeys = (
  path: string,
  whole: Chunk,
  tables: readonly CheckedTable[],
  parts: number,
) => Promise<readonly Part[]>;

/**
 * Splits a chunk, parked or pending, into `parts` chunks that cover its window exactly; 0 where there is none in such a
 * state, as the message may have come before. An attempt may be at work on it: the whole belongs to no run from then
 * on (state SPLIT), so that nothing which such an attempt brings can count any more, as export, import and the mark
 * DONE all ask for the run. Rows of the whole leave the stage in the same transaction. Throws CHUNK_UNSPLITTABLE, and
 * only for a chunk that can be split TARGET_BUSY, where an import holds it.
 */
export async function splitChunk(
  change: ChunkChange,
  chunk: NamedChunk,
  parts: number,
  cutKeys: CutKeys,
): Promise<number> {
  // Before the transaction, as the source may let us wait. A chunk's window stays as its run has planned it.
  const cuts = new Map<string, Cut>();
  for (const whole of await findChunk(change.target, change, chunk))
    cuts.set(whole.chunkId, await cutOf(change, whole, parts, cutKeys));
  return change.target.transaction(async (client) => {
    await client.query(`SET LOCAL lock_timeout = '${lockTimeout}'`);
    const wholes = await findChunk(client, change, chunk, 'FOR UPDATE');
    for (const whole of wholes) {
      const cut = cuts.get(whole.chunkId);
      if (cut === undefined)
        throw new MigrationError('TARGET_BUSY', `Chunk ${whole.chunkId} changes; ask again.`);
      await split(client, change, whole, cut);
    }
    return wholes.length;
  }, change.signal);
}

/** The chunk, where it is in a state in which it can be split. */
async function findChunk(
  client: Queryable,
  { runId }: ChunkChange,
  chunk: NamedChunk,
  lock: 'FOR UPDATE' | '' = '',
): Promise<readonly Chunk[]> {
  const { rows } = await client.query<ChunkRow>(
    `SELECT ${chunkColumns} FROM migration_control.chunk WHERE ${selected} ${lock}`,
    selectionValues(runId, ['NEEDS_ATTENTION', 'PENDING'], chunk),
  );
  return rows.map(toChunk);
}

async function split(client: TargetClient, change: ChunkChange, whole: Chunk, cut: Cut): Promise<void> {
  const { runId, config } = change;
  await lockPlan(client, { ...whole, runId });
  const partIds = await insertParts(client, whole, await planned(client, config.targets, whole, cut));
  await client.query(
    `UPDATE migration_control.chunk
        SET state = 'SPLIT', run_id = NULL, cause_code = NULL, cause_message = NULL, updated_at = now()
      WHERE chunk_id = $1`,
    [whole.chunkId],
  );
  await forgetRows(client, change, targetOf(config.targets, whole), [whole.chunkId, ...partIds]);
  for (const results of ['step', 'checksum'])
    await client.query(`DELETE FROM migration_control.${results} WHERE run_id = $1 AND chunk_id = $2`, [
      runId,
      whole.chunkId,
    ]);
}

interface Cut {
  readonly tables: readonly CheckedTable[];
  readonly parts: readonly Part[];
}

/** Throws CHUNK_UNSPLITTABLE. */
async function cutOf(
  { target, runId, config }: ChunkChange,
  whole: Chunk,
  parts: number,
  cutKeys: CutKeys,
): Promise<Cut> {
  const tables = await checkedTables(target, runId, targetOf(config.targets, whole), whole);
  const path = `${whole.target}/${whole.server}/${whole.database}/${whole.window.label}`;
  if (whole.window.key !== undefined) return { tables, parts: await cutKeys(path, whole, tables, parts) };
  const types = tables.flatMap(({ columns, source }) =>
    columns.filter(({ name }) => name === source.chunkColumn).map(({ sourceType }) => sourceType),
  );
  const windows = splitWindow(path, whole.window, parts, types);
  const rows = shareRows(whole.rowsPlanned, windows);
  return { tables, parts: windows.map((window, part) => ({ window, rows: rows[part] ?? {} })) };
}

async function planned(
  client: TargetClient,
  targets: readonly TargetConfig[],
  whole: Chunk,
  { tables, parts }: Cut,
): Promise<readonly PlannedChunk[]> {
  const after = await lastOrdinal(client, whole);
  return parts.map(({ window, rows }, part) => ({
    window,
    ordinal: after + 1 + part,
    fingerprint: windowFingerprint(whole, targetOf(targets, whole), tables, window),
    rowsPlanned: rows,
  }));
}

/** Of all chunks that the database ever had: whoever pages through the pending ones is behind what comes after it. */
async function lastOrdinal(client: TargetClient, { category, target, server, database }: Chunk) {
  const { rows } = await client.query<{ last: number }>(
    `SELECT max(ordinal) AS last FROM migration_control.chunk
      WHERE category = $1 AND target = $2 AND server = $3 AND database = $4`,
    [category, target, server, database],
  );
  return rows[0]?.last ?? 0;
}

/** A part of an earlier split of the same window may be there still; it begins anew, in an epoch of its own. */
async function insertParts(
  client: TargetClient,
  whole: Chunk,
  parts: readonly PlannedChunk[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ chunkId: string }>(
    `INSERT INTO migration_control.chunk AS c
       (category, target, server, database, stage_schema, run_id, split_of, ordinal, fingerprint, rows_planned,
        ${windowColumns}, rows_estimated)
     SELECT w.category, w.target, w.server, w.database, w.stage_schema, w.run_id, w.chunk_id, p.*, w.key_of IS NULL
       FROM migration_control.chunk w,
            unnest($2::int[], $3::text[], $4::jsonb[], ${windowParameters(5)}) AS p
      WHERE w.chunk_id = $1
     ON CONFLICT (category, target, server, database, window_label) DO UPDATE SET
       stage_schema = excluded.stage_schema, run_id = excluded.run_id, split_of = excluded.split_of,
       ${windowUpdate}, ordinal = excluded.ordinal, fingerprint = excluded.fingerprint, rows_planned = excluded.rows_planned,
       rows_estimated = excluded.rows_estimated, state = 'PENDING', epoch = c.epoch + 1, cause_code = NULL, cause_message = NULL,
       started_at = NULL, updated_at = now()
     RETURNING chunk_id::text AS "chunkId"`,
    [
      whole.chunkId,
      parts.map(({ ordinal }) => ordinal),
      parts.map(({ fingerprint }) => fingerprint),
      parts.map(({ rowsPlanned }) => JSON.stringify(rowsPlanned)),
      ...windowArrays(parts.map(({ window }) => window)),
    ],
  );
  return rows.map(({ chunkId }) => chunkId);
}

function targetOf(targets: readonly TargetConfig[], { target }: Chunk): TargetConfig {
  const found = targets.find(({ name }) => name === target);
  if (found === undefined) throw new MigrationError('INTERNAL', `The run has no target '${target}'.`);
  return found;
}
