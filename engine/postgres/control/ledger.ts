import type { Queryable } from '../connection.js';

export interface LedgerRow {
  readonly chunkId: string;
  readonly target: string;
  readonly stageSchema: string;
  readonly fingerprint: string;
  readonly attempt: string;
  readonly rows: number;
  readonly sum: string;
  readonly bytes: number;
}

/** What the stage holds of a chunk by the ledger; undefined where nothing was imported. */
export async function findLedgerRow(db: Queryable, chunkId: string): Promise<LedgerRow | undefined> {
  const { rows } = await db.query<LedgerRow>(
    `SELECT chunk_id::text AS "chunkId", target, stage_schema AS "stageSchema", fingerprint, attempt, rows::float8 AS rows, checksum_sum AS sum,
            bytes::float8 AS bytes
       FROM migration_control.ledger WHERE chunk_id = $1`,
    [chunkId],
  );
  return rows[0];
}

/** Only ever inside the transaction of the COPY that it stands for. */
export async function writeLedgerRow(db: Queryable, row: LedgerRow): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.ledger (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (chunk_id) DO UPDATE SET
       target = excluded.target, stage_schema = excluded.stage_schema, fingerprint = excluded.fingerprint, attempt = excluded.attempt, rows = excluded.rows,
       checksum_sum = excluded.checksum_sum, bytes = excluded.bytes, imported_at = now()`,
    [row.chunkId, row.target, row.stageSchema, row.fingerprint, row.attempt, row.rows, row.sum, row.bytes],
  );
}
