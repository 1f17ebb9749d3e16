import type { Queryable } from '../connection.js';
import { type ChunkRow, chunkColumns, toChunk } from './chunks.js';
import type { PolicyUse } from './ledger.js';
import type { ChecksumRecord, StepRecord } from './results.js';
import type { Chunk } from './types.js';

export interface ChunkTotals {
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly chunks: number;
  readonly pending: number;
  readonly done: number;
  readonly parked: number;
  readonly skipped: number;
  /** Rows in the stage by the ledger, of the run's chunks. */
  readonly rows: number;
  /** Rows of those chunks that are in quarantine instead. */
  readonly rowsQuarantined: number;
  /** Rows of all source tables, as planned, of chunks that are pending or parked. */
  readonly rowsLeft: number;
}

/** One row per target, server and database of the run, in that order. */
export async function chunkTotals(db: Queryable, runId: string): Promise<readonly ChunkTotals[]> {
  const { rows } = await db.query<ChunkTotals>(
    `SELECT c.target, c.server, c.database, count(*)::int AS chunks,
            (count(*) FILTER (WHERE c.state = 'PENDING'))::int AS pending,
            (count(*) FILTER (WHERE c.state = 'DONE'))::int AS done,
            (count(*) FILTER (WHERE c.state = 'NEEDS_ATTENTION'))::int AS parked,
            (count(*) FILTER (WHERE c.state = 'SKIPPED'))::int AS skipped,
            coalesce(sum(l.rows), 0)::float8 AS rows,
            coalesce(sum(l.quarantined_rows), 0)::float8 AS "rowsQuarantined",
            coalesce(sum(rows_total) FILTER (WHERE c.state IN ('PENDING', 'NEEDS_ATTENTION')), 0)::float8 AS "rowsLeft"
       FROM migration_control.chunk c LEFT JOIN migration_control.ledger l USING (chunk_id)
      WHERE c.run_id = $1
      GROUP BY c.target, c.server, c.database ORDER BY c.target, c.server, c.database`,
    [runId],
  );
  return rows;
}

/** How many values of each target's stage the policies of its columns have changed, by the ledger, over the run's chunks. */
export async function policyTotals(
  db: Queryable,
  runId: string,
): Promise<readonly (PolicyUse & { readonly target: string })[]> {
  const { rows } = await db.query<PolicyUse & { readonly target: string }>(
    `SELECT c.target, p."column", p.policy, sum(p."values")::float8 AS "values"
       FROM migration_control.chunk c JOIN migration_control.ledger l USING (chunk_id),
            jsonb_to_recordset(l.policies) AS p("column" text, policy text, "values" bigint)
      WHERE c.run_id = $1
      GROUP BY c.target, p."column", p.policy ORDER BY c.target, p."column", p.policy`,
    [runId],
  );
  return rows;
}

/** Chunks of the run in NEEDS_ATTENTION or SKIPPED, with their causes; at most `limit`. */
export async function parkedChunks(db: Queryable, runId: string, limit = 1_000): Promise<readonly Chunk[]> {
  const { rows } = await db.query<ChunkRow>(
    `SELECT ${chunkColumns} FROM migration_control.chunk
      WHERE run_id = $1 AND state IN ('NEEDS_ATTENTION', 'SKIPPED')
      ORDER BY target, server, database, ordinal LIMIT $2`,
    [runId, limit],
  );
  return rows.map(toChunk);
}

export interface ChunkReport {
  readonly chunk: Chunk;
  readonly steps: readonly StepRecord[];
  readonly checksums: readonly (Pick<ChecksumRecord, 'hop' | 'subject' | 'method'> & {
    readonly rows: number;
    readonly sum: string;
    readonly matches: boolean | null;
  })[];
  /** Values of the stage's rows that a policy has changed. */
  readonly policies: readonly PolicyUse[];
  /** Rows that are in an object of the stats bucket instead of the stage; null where there are none. */
  readonly quarantine: { readonly rows: number; readonly object: string } | null;
}

const pageSize = 500;

/** Every chunk of the run with its steps and checksums, by chunk id, a page at a time: never all in memory. */
export async function* iterateChunkReports(db: Queryable, runId: string): AsyncGenerator<ChunkReport> {
  let after = '0';
  for (;;) {
    const { rows } = await db.query<ChunkRow & Omit<ChunkReport, 'chunk'>>(
      `SELECT ${chunkColumns},
         (SELECT coalesce(jsonb_agg(jsonb_build_object('step', s.step, 'rows', s.rows, 'bytes', s.bytes,
                   'seconds', s.seconds, 'reused', s.reused)
                   || CASE WHEN s.join_mismatches > 0 THEN jsonb_build_object('joinMismatches', s.join_mismatches)
                           ELSE '{}' END ORDER BY s.finished_at), '[]')
            FROM migration_control.step s WHERE s.run_id = $1 AND s.chunk_id = c.chunk_id) AS steps,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('hop', k.hop, 'subject', k.subject, 'rows', k.rows,
                   'sum', k.sum, 'method', k.method, 'matches', k.matches) ORDER BY k.taken_at, k.hop, k.subject), '[]')
            FROM migration_control.checksum k WHERE k.run_id = $1 AND k.chunk_id = c.chunk_id) AS checksums,
         coalesce((SELECT l.policies FROM migration_control.ledger l WHERE l.chunk_id = c.chunk_id), '[]') AS policies,
         (SELECT jsonb_build_object('rows', l.quarantined_rows, 'object', l.quarantine_object)
            FROM migration_control.ledger l WHERE l.chunk_id = c.chunk_id AND l.quarantined_rows > 0) AS quarantine
       FROM migration_control.chunk c
      WHERE run_id = $1 AND chunk_id > $2 ORDER BY c.chunk_id LIMIT ${pageSize}`,
      [runId, after],
    );
    for (const row of rows) {
      const { steps, checksums, policies, quarantine } = row;
      yield { chunk: toChunk(row), steps, checksums, policies, quarantine };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.chunk_id;
  }
}
