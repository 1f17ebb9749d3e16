import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target } from './connection.js';
import { requireOwned } from './control/chunks.js';
import { findLedgerRow, writeLedgerRow } from './control/ledger.js';
import { copyIn } from './copy-in.js';
import { quoteName, stageName } from './names.js';
import { countStaged } from './stage.js';

export interface ImportInput {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly runId: string;
  readonly chunkId: string;
  /** As the chunk had it when its parts were found. */
  readonly epoch: number;
  /** Of the chunk's content; what the ledger keeps. */
  readonly fingerprint: string;
  /** Names the attempt whose parts are imported; kept in the ledger. */
  readonly attempt: string;
  /** What the manifest says; `sum` is kept in the ledger. */
  readonly expected: { readonly rows: number; readonly sum: string };
  /** COPY text lines: every target column in order, then the chunk id. Not read when the import is reused. */
  readonly batches: AsyncIterable<Buffer>;
  readonly signal: AbortSignal;
  /** Called after each batch that the server took, and while it deletes what an earlier attempt left. */
  readonly onProgress: () => void;
}

export interface ImportResult {
  readonly rows: number;
  readonly bytes: number;
  readonly reused: boolean;
}

/**
 * Brings a chunk's rows into the stage exactly once: rows and ledger row in one transaction under a lock on the
 * chunk. The same fingerprint already there with all its rows -> nothing is done; anything else of the chunk is
 * deleted first. Throws SUPERSEDED where a newer run owns the chunk, CHECKSUM_STAGE when the server counted other rows than the manifest, `signal.reason`
 * when aborted, or what `errors.ts` maps; then the stage is as before.
 */
export async function importChunk(input: ImportInput): Promise<ImportResult> {
  const { target, table, chunkId, fingerprint, expected } = input;
  return target.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate chunk ${chunkId}`]);
    await requireOwned(client, input, fingerprint);
    const known = await findLedgerRow(client, chunkId);
    // The sum too: parts that were exported anew may hold what the source has changed since.
    const same =
      known?.fingerprint === fingerprint && known.rows === expected.rows && known.sum === expected.sum;
    if (same && known.rows === (await countStaged(client, table, chunkId)))
      return { rows: known.rows, bytes: known.bytes, reused: true };
    await whileBackendWorks(target, client, input.onProgress, () =>
      client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = $1`, [chunkId]),
    );
    const copied = await copyIn(client, copyStatement(table), input.batches, input.onProgress);
    if (copied.rows !== expected.rows)
      throw new MigrationError(
        'CHECKSUM_STAGE',
        `Chunk ${chunkId}: the manifest has ${expected.rows} rows and COPY took ${copied.rows}. Nothing was kept. ` +
          'Retry the chunk; if it happens again, its parts are damaged: delete its manifest and retry.',
      );
    await writeLedgerRow(client, {
      chunkId,
      target: table.name,
      stageSchema: table.stageSchema,
      fingerprint,
      attempt: input.attempt,
      rows: copied.rows,
      sum: expected.sum,
      bytes: copied.bytes,
    });
    return { ...copied, reused: false };
  }, input.signal);
}

function copyStatement(table: TargetConfig): string {
  const columns = [...table.columns.map(({ name }) => quoteName(name)), 'chunk_id'];
  return `COPY ${stageName(table)} (${columns.join(', ')}) FROM STDIN (FORMAT text)`;
}
