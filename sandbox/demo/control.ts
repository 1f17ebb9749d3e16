import type { Client } from 'pg';

/** What the demo reads of the migration's control schema; all of it is there for any operator to read. */
export interface Progress {
  /** Rows planned of every source table, and of the table whose rows become the target's. */
  readonly sourceRows: number;
  readonly targetRows: number;
  readonly chunks: number;
  readonly chunksDone: number;
  readonly chunksParked: number;
  /** Rows that each step has done, by step. */
  readonly steps: Readonly<Partial<Record<Step, number>>>;
}

export const steps = ['export', 'transform', 'import', 'checksum'] as const;
export type Step = (typeof steps)[number];

const nothing: Progress = {
  sourceRows: 0,
  targetRows: 0,
  chunks: 0,
  chunksDone: 0,
  chunksParked: 0,
  steps: {},
};

/** How far a run is. Nothing while it has not made its plan yet. `leftTable` as `schema.table`. */
export async function readProgress(client: Client, runId: string, leftTable: string): Promise<Progress> {
  if (!(await hasControlSchema(client))) return nothing;
  const { rows: planned } = await client.query<Omit<Progress, 'steps'>>(
    `SELECT count(*)::int AS "chunks",
            (count(*) FILTER (WHERE state = 'DONE'))::int AS "chunksDone",
            (count(*) FILTER (WHERE state = 'NEEDS_ATTENTION'))::int AS "chunksParked",
            coalesce(sum((SELECT sum(value::numeric) FROM jsonb_each_text(rows_planned))), 0)::float8 AS "sourceRows",
            coalesce(sum((rows_planned ->> $2)::numeric), 0)::float8 AS "targetRows"
       FROM migration_control.chunk WHERE run_id = $1`,
    [runId, leftTable],
  );
  const { rows: done } = await client.query<{ step: Step; rows: number }>(
    'SELECT step, sum(rows)::float8 AS rows FROM migration_control.step WHERE run_id = $1 GROUP BY step',
    [runId],
  );
  return {
    ...(planned[0] ?? nothing),
    steps: Object.fromEntries(done.map(({ step, rows }) => [step, rows])),
  };
}

/** Whether any run of the category was recorded before. */
export async function hasEarlierRun(client: Client, category: string): Promise<boolean> {
  if (!(await hasControlSchema(client))) return false;
  const { rowCount } = await client.query('SELECT FROM migration_control.run WHERE category = $1 LIMIT 1', [
    category,
  ]);
  return (rowCount ?? 0) > 0;
}

export interface HopChecksum {
  readonly server: string;
  readonly database: string;
  readonly hop: string;
  readonly subject: string;
  readonly rows: number;
  /** Sum modulo 2^64 over the chunks, 16 hex digits. */
  readonly sum: string;
  readonly method: string;
  /** False where any chunk differed from the hop before; null where there was nothing to compare with. */
  readonly matches: boolean | null;
}

/**
 * The set checksums of the run's chunks, added up over each server and database, and the target's own. Of a chunk
 * that a resumed run found done, they are those of the run that did it.
 */
export async function readChecksums(client: Client, runId: string): Promise<readonly HopChecksum[]> {
  if (!(await hasControlSchema(client))) return [];
  const { rows: hops } = await client.query<HopChecksum>(
    `WITH latest AS (
       SELECT DISTINCT ON (k.chunk_id, k.hop, k.subject) c.server, c.database, k.*
         FROM migration_control.checksum k JOIN migration_control.chunk c USING (chunk_id)
        WHERE c.run_id = $1 ORDER BY k.chunk_id, k.hop, k.subject, k.taken_at DESC
     )
     SELECT server, database, hop, subject, sum(rows)::float8 AS rows,
            sum(('x' || sum)::bit(64)::bigint::numeric)::text AS sum,
            string_agg(DISTINCT method, ', ') AS method, bool_and(matches) AS matches
       FROM latest GROUP BY server, database, hop, subject`,
    [runId],
  );
  const { rows: targets } = await client.query<HopChecksum>(
    `SELECT '(all)' AS server, '(all)' AS database, 'target' AS hop, target AS subject, rows::float8 AS rows,
            ('x' || sum)::bit(64)::bigint::text AS sum, 'postgres' AS method, NULL::boolean AS matches
       FROM migration_control.target WHERE run_id = $1`,
    [runId],
  );
  return [...hops, ...targets].map((row) => ({ ...row, sum: hexSum(BigInt(row.sum)) }));
}

export interface RunOutcome {
  readonly state: string;
  /** Where report.json is, as a URL or key. */
  readonly report: string | null;
  readonly failure: string | null;
}

export async function readOutcome(client: Client, runId: string): Promise<RunOutcome | undefined> {
  if (!(await hasControlSchema(client))) return undefined;
  const { rows } = await client.query<RunOutcome>(
    'SELECT state, report, failure FROM migration_control.run WHERE run_id = $1',
    [runId],
  );
  return rows[0];
}

/** A sum of signed 64-bit hashes as the unsigned sum modulo 2^64 that reports print. */
export function hexSum(sum: bigint): string {
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}

async function hasControlSchema(client: Client): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass('migration_control.target') IS NOT NULL AS made");
  return rows[0]?.made === true;
}
