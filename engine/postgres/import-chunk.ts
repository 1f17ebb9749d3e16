import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import type { RowBatch, SetChecksum } from '../rows/types.js';
import { addChecksums, equalChecksums, subtractChecksum } from '../validation/set-checksum.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target, TargetClient } from './connection.js';
import { lockChunk, requireOwned } from './control/chunks.js';
import { findLedgerRow, type LedgerRow, quarantinedBy, writeLedgerRow } from './control/ledger.js';
import { copyRows } from './copy-rows.js';
import { stageName } from './names.js';
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
  /** What the manifest says of all rows. */
  readonly expected: SetChecksum;
  /** Every target column in order. Not read when the import is reused; twice where the server refuses a row. */
  readonly rows: () => AsyncIterable<RowBatch>;
  /** How many rows may be left out; see `Quarantine`. */
  readonly quarantineLimit: number;
  /** Stores the lines of the rows that are left out; gives the key of the object that holds them. */
  readonly keep: (lines: string) => Promise<string>;
  readonly signal: AbortSignal;
  /** Called after each batch that the server took, and while it deletes what an earlier attempt left. */
  readonly onProgress: () => void;
}

export interface ImportResult {
  /** In the stage, without those in quarantine. */
  readonly rows: number;
  readonly bytes: number;
  readonly reused: boolean;
}

/**
 * Brings a chunk's rows into the stage exactly once: rows and ledger row in one transaction under a lock on the
 * chunk. The same content already there with all its rows -> nothing is done; anything else of the chunk is deleted
 * first. Rows that the target cannot hold are left out as far as the limit goes: their file is stored before the
 * commit, and the ledger row names and counts them.
 * Throws SUPERSEDED where a newer run owns the chunk, VALUE_UNREPRESENTABLE for a row that may not be left out,
 * CHECKSUM_STAGE when the server counted other rows than the manifest, `signal.reason` when aborted, or what
 * `errors.ts` maps; then the stage is as before.
 */
export async function importChunk(input: ImportInput): Promise<ImportResult> {
  const { target, table, chunkId } = input;
  return target.transaction(async (client) => {
    await lockChunk(client, chunkId);
    await requireOwned(client, input, input.fingerprint);
    const known = await findLedgerRow(client, chunkId);
    if (known && isWanted(known, input) && known.rows === (await countStaged(client, table, chunkId)))
      return { rows: known.rows, bytes: known.bytes, reused: true };
    await whileBackendWorks(target, client, input.onProgress, () =>
      client.query(`DELETE FROM ${stageName(table)} WHERE chunk_id = $1`, [chunkId]),
    );
    return copy(client, input);
  }, input.signal);
}

/**
 * By the sum too: parts that were exported anew may hold what the source has changed since. What is in quarantine
 * must be allowed there by the policy of today.
 */
function isWanted(known: LedgerRow, { fingerprint, expected, quarantineLimit }: ImportInput): boolean {
  const quarantined = quarantinedBy(known);
  return (
    known.fingerprint === fingerprint &&
    quarantined.rows <= quarantineLimit &&
    equalChecksums(addChecksums([known, quarantined]), expected)
  );
}

async function copy(client: TargetClient, input: ImportInput): Promise<ImportResult> {
  const { table, chunkId, fingerprint, attempt, expected } = input;
  const { quarantine, ...copied } = await copyRows(client, input);
  const left = quarantine.checksum();
  if (copied.rows + left.rows !== expected.rows)
    throw new MigrationError(
      'CHECKSUM_STAGE',
      `Chunk ${chunkId}: the manifest has ${expected.rows} rows, COPY took ${copied.rows} and quarantine ${left.rows}. ` +
        'Nothing was kept. Retry the chunk; if it happens again, its parts are damaged: delete its manifest and retry.',
    );
  await writeLedgerRow(client, {
    chunkId,
    target: table.name,
    stageSchema: table.stageSchema,
    fingerprint,
    attempt,
    rows: copied.rows,
    sum: subtractChecksum(expected, left).sum,
    bytes: copied.bytes,
    ...(left.rows > 0 && { quarantine: { ...left, object: await input.keep(quarantine.lines()) } }),
  });
  return { ...copied, reused: false };
}
