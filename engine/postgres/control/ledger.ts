import type { SetChecksum } from '../../rows/types.js';
import { emptyChecksum } from '../../validation/set-checksum.js';
import type { Queryable } from '../connection.js';

/** `rows` and `sum` are of what the stage holds. */
export interface LedgerRow extends SetChecksum {
  readonly chunkId: string;
  readonly target: string;
  readonly stageSchema: string;
  readonly fingerprint: string;
  readonly attempt: string;
  readonly bytes: number;
  /** Rows of the chunk that the target cannot hold, and the object in the stats bucket that holds them instead. */
  readonly quarantine?: SetChecksum & { readonly object: string };
}

/** What the stage holds of a chunk by the ledger; undefined where nothing was imported. */
export async function findLedgerRow(db: Queryable, chunkId: string): Promise<LedgerRow | undefined> {
  const { rows } = await db.query<LedgerRow & { readonly quarantine: LedgerRow['quarantine'] | null }>(
    `SELECT chunk_id::text AS "chunkId", target, stage_schema AS "stageSchema", fingerprint, attempt,
            rows::float8 AS rows, checksum_sum AS sum, bytes::float8 AS bytes,
            CASE WHEN quarantined_rows > 0 THEN jsonb_build_object(
              'rows', quarantined_rows, 'sum', quarantined_sum, 'object', quarantine_object) END AS quarantine
       FROM migration_control.ledger WHERE chunk_id = $1`,
    [chunkId],
  );
  if (rows[0] === undefined) return undefined;
  const { quarantine, ...row } = rows[0];
  return quarantine ? { ...row, quarantine } : row;
}

/** Count and sum of the rows in quarantine; those of no rows where there are none, or nothing was imported. */
export function quarantinedBy(row: LedgerRow | undefined): SetChecksum {
  return row?.quarantine ?? emptyChecksum;
}

/** Only ever inside the transaction of the COPY that it stands for. */
export async function writeLedgerRow(db: Queryable, row: LedgerRow): Promise<void> {
  const { rows, sum } = quarantinedBy(row);
  await db.query(
    `INSERT INTO migration_control.ledger (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum,
            bytes, quarantined_rows, quarantined_sum, quarantine_object)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (chunk_id) DO UPDATE SET
       target = excluded.target, stage_schema = excluded.stage_schema, fingerprint = excluded.fingerprint,
       attempt = excluded.attempt, rows = excluded.rows, checksum_sum = excluded.checksum_sum, bytes = excluded.bytes,
       quarantined_rows = excluded.quarantined_rows, quarantined_sum = excluded.quarantined_sum,
       quarantine_object = excluded.quarantine_object, imported_at = now()`,
    [
      row.chunkId,
      row.target,
      row.stageSchema,
      row.fingerprint,
      row.attempt,
      row.rows,
      row.sum,
      row.bytes,
      rows,
      sum,
      row.quarantine?.object ?? null,
    ],
  );
}
