import { MigrationError } from '../../errors.js';
import type { Window } from '../../plan/windows.js';
import type { SetChecksum } from '../../rows/types.js';
import type { Queryable, Target } from '../connection.js';
import type { RangeColumn } from './scans.js';
import type { ChunkScope } from './types.js';
import { type WindowRow, windowOf, windowSelection } from './window-row.js';

/** A range that is to be read, and the scan that it is of. */
export interface ScanRange extends Omit<ChunkScope, 'runId'> {
  readonly scanId: string;
  readonly rangeId: string;
  /** Of the scan, and so of all its parts. */
  readonly attempt: string;
  readonly position: number;
  readonly ordinal: number;
  readonly column?: RangeColumn;
  readonly from?: string;
  readonly to?: string;
  readonly isNull?: true;
  /** Where this run has read it, or proven it. */
  readonly done?: { readonly rows: number; readonly bytes: number };
  /** Where an earlier run has read it: the source may hold other rows by now. */
  readonly earlier?: { readonly checksum: SetChecksum; readonly bytes: number };
}

export interface ScanWindow {
  readonly chunkId: string;
  readonly window: Window;
  readonly wanted: boolean;
}

export interface RangePart {
  readonly chunkId: string;
  readonly rows: number;
  readonly bytes: number;
  readonly checksum: SetChecksum;
  readonly parts: readonly { readonly key: string; readonly rows: number; readonly bytes: number }[];
}

/** Throws SUPERSEDED where the run does not own the range any more. */
export async function loadRange(db: Queryable, runId: string, rangeId: string): Promise<ScanRange> {
  const { rows } = await db.query<RangeRow>(
    `SELECT s.scan_id::text, s.category, s.target, s.server, s.database, s.attempt, r.range_id::text, r.position, r.ordinal,
            r.key_column, r.key_from, r.key_to, r.key_null, r.rows::float8, r.bytes::float8, r.sum, r.read_by = s.run_id AS own
       FROM migration_control.scan_range r JOIN migration_control.scan s USING (scan_id)
      WHERE r.range_id = $2 AND s.run_id = $1 AND s.attempt IS NOT NULL`,
    [runId, rangeId],
  );
  const [row] = rows;
  if (row === undefined) throw superseded(rangeId);
  return toRange(row);
}

/** All windows that the rows of a scan may lie in. */
export async function listScanWindows(db: Queryable, scanId: string): Promise<readonly ScanWindow[]> {
  const { rows } = await db.query<WindowRow & { readonly chunk_id: string; readonly wanted: boolean }>(
    `SELECT chunk_id::text, wanted, ${windowSelection}
       FROM migration_control.scan_window JOIN migration_control.chunk USING (chunk_id) WHERE scan_id = $1`,
    [scanId],
  );
  return rows.map((row) => ({ chunkId: row.chunk_id, wanted: row.wanted, window: windowOf(row) }));
}

/**
 * Keeps what a range holds of each window, in one transaction with the mark that it is read; the first attempt of a run that
 * does so is the one that counts, in the place of what an earlier run has read. Throws SUPERSEDED where the scan is another run's, or has begun anew.
 */
export async function recordRange(
  target: Target,
  runId: string,
  { scanId, rangeId, attempt }: Pick<ScanRange, 'scanId' | 'rangeId' | 'attempt'>,
  read: { readonly checksum: SetChecksum; readonly bytes: number; readonly method: 'server' | 'reader' },
  parts: readonly RangePart[],
): Promise<void> {
  await target.transaction(async (client) => {
    const { rowCount: owned } = await client.query(
      'SELECT FROM migration_control.scan WHERE scan_id = $1 AND run_id = $2 AND attempt = $3 FOR UPDATE',
      [scanId, runId, attempt],
    );
    if (owned !== 1) throw superseded(rangeId);
    const { rowCount: first } = await client.query(
      `UPDATE migration_control.scan_range SET rows = $2, bytes = $3, sum = $4, method = $5, read_by = $6
        WHERE range_id = $1 AND read_by IS DISTINCT FROM $6`,
      [rangeId, read.checksum.rows, read.bytes, read.checksum.sum, read.method, runId],
    );
    if (first !== 1) return;
    await client.query('DELETE FROM migration_control.scan_part WHERE range_id = $1', [rangeId]);
    await client.query(
      `INSERT INTO migration_control.scan_part (range_id, chunk_id, rows, bytes, sum, parts)
       SELECT $1, p.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::jsonb[]) AS p`,
      [
        rangeId,
        parts.map(({ chunkId }) => chunkId),
        parts.map(({ rows }) => rows),
        parts.map(({ bytes }) => bytes),
        parts.map(({ checksum }) => checksum.sum),
        parts.map((part) => JSON.stringify(part.parts)),
      ],
    );
  });
}

/** What an earlier run has read of a range counts in this one too. Throws SUPERSEDED as `recordRange` does. */
export async function adoptRange(
  db: Queryable,
  runId: string,
  { scanId, rangeId, attempt }: Pick<ScanRange, 'scanId' | 'rangeId' | 'attempt'>,
): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE migration_control.scan_range r SET read_by = s.run_id FROM migration_control.scan s
      WHERE r.range_id = $1 AND r.rows IS NOT NULL AND s.scan_id = r.scan_id
        AND s.scan_id = $2 AND s.run_id = $3 AND s.attempt = $4`,
    [rangeId, scanId, runId, attempt],
  );
  if (rowCount !== 1) throw superseded(rangeId);
}

/** A window's part of each range that holds rows of it, with the table's position; in the order of the ranges. */
export type WindowPart = Omit<RangePart, 'chunkId'> & {
  readonly position: number;
  readonly method: 'server' | 'reader';
};

export interface ChunkToPublish {
  readonly chunkId: string;
  readonly epoch: number;
  /** Of a part of a window that this run has split, the planned rows are an estimate. */
  readonly counted: boolean;
}

/** Wanted windows of the run's scan whose chunk is as it was wanted, so that they may be published. */
export async function windowsToPublish(
  db: Queryable,
  scope: Omit<ChunkScope, 'category'>,
): Promise<{ readonly attempt: string; readonly chunks: readonly ChunkToPublish[] } | undefined> {
  const { rows } = await db.query<{
    attempt: string;
    left: number;
    chunks: readonly ChunkToPublish[] | null;
  }>(
    `SELECT s.attempt,
            (SELECT count(*)::int FROM migration_control.scan_range r WHERE r.scan_id = s.scan_id AND r.read_by IS DISTINCT FROM s.run_id) AS left,
            (SELECT jsonb_agg(jsonb_build_object('chunkId', c.chunk_id::text, 'epoch', c.epoch, 'counted', NOT c.rows_estimated) ORDER BY c.ordinal)
               FROM migration_control.scan_window w JOIN migration_control.chunk c USING (chunk_id)
              WHERE w.scan_id = s.scan_id AND w.wanted AND c.run_id = s.run_id AND c.epoch = w.epoch
                AND c.state IN ('PENDING', 'NEEDS_ATTENTION')) AS chunks
       FROM migration_control.scan s
      WHERE s.run_id = $1 AND s.target = $2 AND s.server = $3 AND s.database = $4 AND s.attempt IS NOT NULL`,
    [scope.runId, scope.target, scope.server, scope.database],
  );
  const [scan] = rows;
  if (scan === undefined) return undefined;
  if (scan.left > 0)
    throw new MigrationError(
      'INTERNAL',
      `${scan.left} ranges of the scan are not read, and it was to be published.`,
    );
  return { attempt: scan.attempt, chunks: scan.chunks ?? [] };
}

/**
 * Throws SUPERSEDED where the scan of this attempt has ended: of a window without a row there is nothing either, and the
 * one must not be taken for the other.
 */
export async function listWindowParts(
  db: Queryable,
  runId: string,
  attempt: string,
  chunkId: string,
): Promise<readonly WindowPart[]> {
  const { rows } = await db.query<
    Omit<WindowPart, 'checksum' | 'position'> & { readonly position: number | null; readonly sum: string }
  >(
    `SELECT f.position, f.method, f.rows::float8, f.bytes::float8, f.sum, f.parts
       FROM migration_control.scan s
       LEFT JOIN (SELECT r.scan_id, r.position, r.ordinal, r.method, p.* FROM migration_control.scan_range r
                    JOIN migration_control.scan_part p USING (range_id) WHERE p.chunk_id = $3) AS f USING (scan_id)
      WHERE s.run_id = $1 AND s.attempt = $2 ORDER BY f.position, f.ordinal`,
    [runId, attempt, chunkId],
  );
  if (rows.length === 0) throw superseded(`of chunk ${chunkId}`);
  return rows.flatMap(({ sum, position, ...part }) =>
    position === null ? [] : [{ ...part, position, checksum: { rows: part.rows, sum } }],
  );
}

/** What a run has read, or proven, of all its scans that have begun and not ended. */
export async function scanProgress(
  db: Queryable,
  runId: string,
): Promise<{ readonly ranges: number; readonly read: number; readonly rows: number }> {
  const { rows } = await db.query<{ ranges: number; read: number; rows: number }>(
    `SELECT count(*)::int AS ranges, (count(*) FILTER (WHERE r.read_by = s.run_id))::int AS read,
            coalesce(sum(r.rows) FILTER (WHERE r.read_by = s.run_id), 0)::float8 AS rows
       FROM migration_control.scan s JOIN migration_control.scan_range r USING (scan_id)
      WHERE s.run_id = $1 AND s.attempt IS NOT NULL`,
    [runId],
  );
  return rows[0] ?? { ranges: 0, read: 0, rows: 0 };
}

interface RangeRow {
  readonly scan_id: string;
  readonly category: string;
  readonly target: string;
  readonly server: string;
  readonly database: string;
  readonly attempt: string;
  readonly range_id: string;
  readonly position: number;
  readonly ordinal: number;
  readonly key_column: RangeColumn | null;
  readonly key_from: string | null;
  readonly key_to: string | null;
  readonly key_null: boolean;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sum: string | null;
  readonly own: boolean | null;
}

function toRange(row: RangeRow): ScanRange {
  const { category, target, server, database, attempt, position, ordinal } = row;
  const { rows, sum } = row;
  const bytes = row.bytes ?? 0;
  return {
    ...{ category, target, server, database, attempt, position, ordinal },
    scanId: row.scan_id,
    rangeId: row.range_id,
    ...(row.key_column !== null && { column: row.key_column }),
    ...(row.key_from !== null && { from: row.key_from }),
    ...(row.key_to !== null && { to: row.key_to }),
    ...(row.key_null && { isNull: true as const }),
    ...(rows !== null && row.own === true && { done: { rows, bytes } }),
    ...(rows !== null && sum !== null && row.own !== true && { earlier: { checksum: { rows, sum }, bytes } }),
  };
}

function superseded(rangeId: string): MigrationError {
  return new MigrationError(
    'SUPERSEDED',
    `The scan's range ${rangeId} was taken over by a newer run, or is read anew, while this attempt was at work; nothing of it was kept.`,
  );
}
