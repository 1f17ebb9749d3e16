import type { SetChecksum } from '../../rows/types.js';
import type { Hop } from '../../validation/hops.js';
import type { Queryable } from '../connection.js';

export interface ChecksumRecord {
  readonly runId: string;
  readonly chunkId: string;
  readonly hop: Hop;
  /** What was hashed: `dbo.cell_performance_data`, or the target's name. */
  readonly subject: string;
  readonly checksum: SetChecksum;
  /** Who computed it: `server`, `reader`, `duckdb`, `postgres`. */
  readonly method: string;
  /** Whether it equals the hop before; absent where there is none to compare with. */
  readonly matches?: boolean;
}

export interface StepRecord {
  readonly runId: string;
  readonly chunkId: string;
  readonly step: 'export' | 'transform' | 'import' | 'checksum';
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly reused: boolean;
  /** Left rows that match only without case and trailing blanks; of a transform that was done, not reused. */
  readonly joinMismatches?: number;
}

/** One row per run, chunk, hop and subject; the latest measurement wins. */
export async function recordChecksum(db: Queryable, record: ChecksumRecord): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.checksum (run_id, chunk_id, hop, subject, rows, sum, method, matches)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (run_id, chunk_id, hop, subject) DO UPDATE SET
       rows = excluded.rows, sum = excluded.sum, method = excluded.method, matches = excluded.matches, taken_at = now()`,
    [
      record.runId,
      record.chunkId,
      record.hop,
      record.subject,
      record.checksum.rows,
      record.checksum.sum,
      record.method,
      record.matches ?? null,
    ],
  );
}

/**
 * One row per run, chunk and step. A retry that found the work done (`reused`) does not hide the figures of
 * the attempt of the same run that did it.
 */
export async function recordStep(db: Queryable, record: StepRecord): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.step AS s (run_id, chunk_id, step, rows, bytes, seconds, reused, join_mismatches)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (run_id, chunk_id, step) DO UPDATE SET
       rows = excluded.rows, bytes = excluded.bytes, seconds = excluded.seconds, reused = excluded.reused,
       join_mismatches = excluded.join_mismatches, finished_at = now()
     WHERE s.reused OR NOT excluded.reused`,
    [
      record.runId,
      record.chunkId,
      record.step,
      record.rows,
      record.bytes,
      record.seconds,
      record.reused,
      record.joinMismatches ?? 0,
    ],
  );
}
