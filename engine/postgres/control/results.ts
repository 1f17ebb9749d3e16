import type { SetChecksum } from '../../rows/types.js';
import type { Hop } from '../../validation/hops.js';
import type { Queryable } from '../connection.js';
import type { OwnedChunk } from './chunks.js';

export interface ChecksumRecord {
  readonly hop: Hop;
  /** What was hashed: `dbo.cell_performance_data`, or the target's name. */
  readonly subject: string;
  readonly checksum: SetChecksum;
  /** Who computed it: `server`, `reader`, `duckdb`, `postgres`; `none` where there was no row to hash. */
  readonly method: string;
  /** Whether it equals the hop before; absent where there is none to compare with. */
  readonly matches?: boolean;
}

export interface StepRecord {
  readonly step: 'export' | 'transform' | 'import' | 'checksum';
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly reused: boolean;
  /** Left rows that match only without case and trailing blanks; of a transform that was done, not reused. */
  readonly joinMismatches?: number;
}

export interface Results {
  readonly steps?: readonly StepRecord[];
  readonly checksums?: readonly ChecksumRecord[];
  /** Hops that hold no row of the chunk: what an earlier attempt of the run measured there goes. */
  readonly gone?: readonly Hop[];
}

/**
 * Keeps what was measured of a chunk, in one statement: a row per run, chunk and step, and one per run, chunk, hop
 * and subject. The latest measurement wins, but a retry that found the work done (`reused`) does not hide the
 * figures of the attempt of the same run that did it. Nothing where the run has the chunk no more: what is measured
 * of a whole is not counted beside its parts, also where the split commits while this waits for it.
 */
export async function recordResults(
  db: Queryable,
  { runId, chunkId }: OwnedChunk,
  { steps = [], checksums = [], gone = [] }: Results,
): Promise<void> {
  await db.query(
    `WITH owned AS (
       SELECT run_id, chunk_id, server FROM migration_control.chunk
        WHERE run_id = $1 AND chunk_id = $2 FOR KEY SHARE
     ), hashed AS (
       INSERT INTO migration_control.checksum (run_id, chunk_id, hop, subject, rows, sum, method, matches)
       SELECT run_id, chunk_id, k.* FROM owned,
              unnest($3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::boolean[]) AS k
       ON CONFLICT (run_id, chunk_id, hop, subject) DO UPDATE SET
         rows = excluded.rows, sum = excluded.sum, method = excluded.method, matches = excluded.matches, taken_at = now()
     ), emptied AS (
       DELETE FROM migration_control.checksum k USING owned
        WHERE k.run_id = owned.run_id AND k.chunk_id = owned.chunk_id AND k.hop = ANY($15::text[])
     )
     INSERT INTO migration_control.step AS s (run_id, chunk_id, server, step, rows, bytes, seconds, reused, join_mismatches)
     SELECT run_id, chunk_id, server, d.* FROM owned,
            unnest($9::text[], $10::bigint[], $11::bigint[], $12::float8[], $13::boolean[], $14::bigint[]) AS d
     ON CONFLICT (run_id, chunk_id, step) DO UPDATE SET
       rows = excluded.rows, bytes = excluded.bytes, seconds = excluded.seconds, reused = excluded.reused,
       join_mismatches = excluded.join_mismatches, finished_at = now()
     WHERE s.reused OR NOT excluded.reused`,
    [runId, chunkId, ...columnsOfChecksums(checksums), ...columnsOfSteps(steps), gone],
  );
}

function columnsOfChecksums(records: readonly ChecksumRecord[]): readonly unknown[][] {
  return [
    records.map(({ hop }) => hop),
    records.map(({ subject }) => subject),
    records.map(({ checksum }) => checksum.rows),
    records.map(({ checksum }) => checksum.sum),
    records.map(({ method }) => method),
    records.map(({ matches }) => matches ?? null),
  ];
}

function columnsOfSteps(records: readonly StepRecord[]): readonly unknown[][] {
  return [
    records.map(({ step }) => step),
    records.map(({ rows }) => rows),
    records.map(({ bytes }) => bytes),
    records.map(({ seconds }) => seconds),
    records.map(({ reused }) => reused),
    records.map(({ joinMismatches }) => joinMismatches ?? 0),
  ];
}
