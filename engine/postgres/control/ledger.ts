import type { Policy } from '../../rows/fits.js';
import type { SetChecksum } from '../../rows/types.js';
import { addChecksums, emptyChecksum } from '../../validation/set-checksum.js';
import type { Queryable } from '../connection.js';

/** How many values of a column its policy has changed on their way into the stage. */
export interface PolicyUse {
  readonly column: string;
  readonly policy: Policy;
  readonly values: number;
}

/** `rows` and `sum` are of what the stage holds, in its types. */
export interface LedgerRow extends SetChecksum {
  readonly chunkId: string;
  readonly target: string;
  readonly stageSchema: string;
  readonly fingerprint: string;
  readonly attempt: string;
  readonly bytes: number;
  /** Sum of all the chunk's rows as they were read, where it is not that of stage and quarantine together. */
  readonly readSum?: string;
  /** Empty unless given. */
  readonly policies?: readonly PolicyUse[];
  /** Rows of the chunk that the target cannot hold, and the object in the stats bucket that holds them instead. */
  readonly quarantine?: SetChecksum & { readonly object: string };
}

type Row = Omit<LedgerRow, 'quarantine' | 'readSum'> & {
  readonly quarantine: LedgerRow['quarantine'] | null;
  readonly readSum: string | null;
};

/** What the stage holds of a chunk by the ledger; undefined where nothing was imported. */
export async function findLedgerRow(db: Queryable, chunkId: string): Promise<LedgerRow | undefined> {
  const { rows } = await db.query<Row>(
    `SELECT chunk_id::text AS "chunkId", target, stage_schema AS "stageSchema", fingerprint, attempt,
            rows::float8 AS rows, checksum_sum AS sum, bytes::float8 AS bytes, read_sum AS "readSum", policies,
            CASE WHEN quarantined_rows > 0 THEN jsonb_build_object(
              'rows', quarantined_rows, 'sum', quarantined_sum, 'object', quarantine_object) END AS quarantine
       FROM migration_control.ledger WHERE chunk_id = $1`,
    [chunkId],
  );
  if (rows[0] === undefined) return undefined;
  const { quarantine, readSum, ...row } = rows[0];
  return { ...row, ...(quarantine && { quarantine }), ...(readSum !== null && { readSum }) };
}

/** What of a ledger row tells all rows that were read. */
export interface ReadRows extends SetChecksum, Pick<LedgerRow, 'readSum'> {
  readonly quarantine?: SetChecksum;
}

/** Count and sum of the rows in quarantine; those of no rows where there are none, or nothing was imported. */
export function quarantinedBy(row: ReadRows | undefined): SetChecksum {
  return row?.quarantine ?? emptyChecksum;
}

/** Count and sum of all the chunk's rows as they were read: what their manifest says of them. */
export function readBy(row: ReadRows): SetChecksum {
  const both = addChecksums([row, quarantinedBy(row)]);
  return row.readSum === undefined ? both : { rows: both.rows, sum: row.readSum };
}

/** Only ever inside the transaction of the COPY that it stands for. */
export async function writeLedgerRow(db: Queryable, row: LedgerRow): Promise<void> {
  const { rows, sum } = quarantinedBy(row);
  await db.query(
    `INSERT INTO migration_control.ledger (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum,
            bytes, read_sum, policies, quarantined_rows, quarantined_sum, quarantine_object)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (chunk_id) DO UPDATE SET
       target = excluded.target, stage_schema = excluded.stage_schema, fingerprint = excluded.fingerprint,
       attempt = excluded.attempt, rows = excluded.rows, checksum_sum = excluded.checksum_sum, bytes = excluded.bytes,
       read_sum = excluded.read_sum, policies = excluded.policies,
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
      row.readSum ?? null,
      JSON.stringify(row.policies ?? []),
      rows,
      sum,
      row.quarantine?.object ?? null,
    ],
  );
}
