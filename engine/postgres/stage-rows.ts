import type { TargetConfig } from '../../config/run-config.js';
import { checksumSelectListPostgres } from '../rows/checksum-postgres.js';
import type { SetChecksum } from '../rows/types.js';
import { parseSetChecksum } from '../validation/set-checksum.js';
import type { Queryable } from './connection.js';
import { stageName } from './names.js';
import { findRelation } from './shape.js';

/**
 * Made once for each stage; children inherit it. Deleting, counting and hashing one chunk must not read the others.
 * A B-tree held an entry for each row and took 40 % of a COPY's time and a third of its WAL; this one holds a few chunk
 * ids for every 4 MB, up to 32 apart from each other, as chunks of several databases grow side by side.
 */
export function chunkIndex(table: TargetConfig): string {
  return `CREATE INDEX ON ${stageName(table)} USING brin (chunk_id int8_minmax_multi_ops) WITH (pages_per_range = 512)`;
}

/** Before the rows of a chunk are read that were written a moment ago: what is not noted yet is read for every chunk. */
export async function noteStagePages(db: Queryable, table: TargetConfig): Promise<void> {
  await db.query('CALL migration_control.note_stage_pages($1)', [stageName(table)]);
}

/** For the rest of a transaction: without statistics, as in a table just filled, the planner trusts no BRIN index. */
async function preferIndex(db: Queryable): Promise<void> {
  await db.query('SET LOCAL enable_seqscan = off');
}

/** Rows in the stage by chunk id, of one source database; empty where the stage does not exist yet. In a transaction. */
export async function stageCounts(
  db: Queryable,
  table: TargetConfig,
  scope: { readonly category: string; readonly server: string; readonly database: string },
): Promise<ReadonlyMap<string, number>> {
  if ((await findRelation(db, table.stageSchema, table.name)) === undefined) return new Map();
  await preferIndex(db);
  // A database's chunks are planned together, so that their ids lie between two that the index can look for.
  const { rows } = await db.query<{ chunkId: string; rows: number }>(
    `WITH own AS MATERIALIZED (SELECT chunk_id FROM migration_control.chunk
                                WHERE category = $1 AND target = $2 AND server = $3 AND database = $4)
     SELECT chunk_id::text AS "chunkId", count(*)::float8 AS rows FROM ${stageName(table)}
      WHERE chunk_id BETWEEN (SELECT min(chunk_id) FROM own) AND (SELECT max(chunk_id) FROM own)
        AND chunk_id IN (SELECT chunk_id FROM own)
      GROUP BY chunk_id`,
    [scope.category, table.name, scope.server, scope.database],
  );
  return new Map(rows.map(({ chunkId, rows: count }) => [chunkId, count]));
}

/** How many rows of one chunk the stage holds. In a transaction. */
export async function countStaged(db: Queryable, table: TargetConfig, chunkId: string): Promise<number> {
  await preferIndex(db);
  const { rows } = await db.query<{ rows: number }>(
    `SELECT count(*)::float8 AS rows FROM ${stageName(table)} WHERE chunk_id = $1`,
    [chunkId],
  );
  return rows[0]?.rows ?? 0;
}

/** Count and set checksum of the chunk's rows as they rest in the stage. In a transaction. */
export async function checksumStage(
  db: Queryable,
  table: TargetConfig,
  chunkId: string,
): Promise<SetChecksum> {
  await preferIndex(db);
  const { rows } = await db.query<{ rows: string; sum: string | null }>(
    `SELECT ${checksumSelectListPostgres(table.columns)} FROM ${stageName(table)} WHERE chunk_id = $1`,
    [chunkId],
  );
  return parseSetChecksum(rows[0]?.rows ?? '0', rows[0]?.sum ?? null);
}

/** Takes the rows of one chunk out of the stage. In a transaction. */
export async function deleteStaged(db: Queryable, table: TargetConfig, chunkId: string): Promise<void> {
  await preferIndex(db);
  await db.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = $1`, [chunkId]);
}
