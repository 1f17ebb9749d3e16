import type { TargetConfig } from '../../config/run-config.js';
import { MigrationError } from '../errors.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import type { Column, SetChecksum } from '../rows/types.js';
import { describeDifference, equalChecksums } from '../validation/set-checksum.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target, TargetClient } from './connection.js';
import { lockChunk, requireOwned } from './control/chunks.js';
import {
  findLedgerRow,
  type LedgerRow,
  type PolicyUse,
  quarantinedBy,
  readBy,
  writeLedgerRow,
} from './control/ledger.js';
import { type CopiedRows, copyRows } from './copy-rows.js';
import { countStaged, deleteStaged } from './stage-rows.js';

type Replaced = Pick<PolicyUse, 'column' | 'values'>;

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
  /** What the manifest says of all rows; absent where none exists, as they come straight from their source. */
  readonly expected?: SetChecksum;
  /** Hears what was read before anything is committed; what it throws leaves the stage as it was. */
  readonly confirm?: (read: SetChecksum) => Promise<void>;
  /** Once they are read: values, by column, in which their reader has already replaced what is no text. */
  readonly replaced?: () => readonly Replaced[];
  /** What the rows are of: a column for each of the table's, in order. */
  readonly columns: readonly Column[];
  /** Not read when the import is reused; twice where the server refuses a row. */
  readonly rows: () => AsyncIterable<ColumnBatch>;
  /** How many rows may be left out; see `Quarantine`. */
  readonly quarantineLimit: number;
  /** Stores the lines of the rows that are left out; gives the key of the object that holds them. */
  readonly keep: (lines: string) => Promise<string>;
  readonly signal: AbortSignal;
  /** Called for each buffer that is sent, and while it deletes what an earlier attempt left. */
  readonly onProgress: () => void;
}

export interface ImportResult {
  /** In the stage, without those in quarantine. */
  readonly rows: number;
  readonly bytes: number;
  readonly reused: boolean;
  /** Of all rows as they were read, with those in quarantine. */
  readonly read: SetChecksum;
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
      return { rows: known.rows, bytes: known.bytes, reused: true, read: readBy(known) };
    await whileBackendWorks(target, client, input.onProgress, () => deleteStaged(client, table, chunkId));
    return copy(client, input);
  }, input.signal);
}

/**
 * By the sum too, or by the attempt where nobody can know the sum before: parts that were exported anew may hold what the
 * source has changed since. What is in quarantine
 * must be allowed there by the policy of today.
 */
function isWanted(known: LedgerRow, input: ImportInput): boolean {
  const { fingerprint, attempt, expected, quarantineLimit } = input;
  return (
    known.fingerprint === fingerprint &&
    quarantinedBy(known).rows <= quarantineLimit &&
    (expected === undefined ? known.attempt === attempt : equalChecksums(readBy(known), expected))
  );
}

async function copy(client: TargetClient, input: ImportInput): Promise<ImportResult> {
  const { table, chunkId, fingerprint, attempt } = input;
  const copied = await copyRows(client, input);
  requireWhole(copied, input);
  const { reading, rows, bytes } = copied;
  await input.confirm?.(reading.read());
  const { quarantine } = reading;
  const left = quarantine.checksum();
  const read = reading.read();
  await writeLedgerRow(client, {
    chunkId,
    target: table.name,
    stageSchema: table.stageSchema,
    fingerprint,
    attempt,
    rows,
    sum: reading.stored().sum,
    bytes,
    ...(!reading.exact && { readSum: read.sum }),
    policies: allUses(reading.policies(), input.replaced?.() ?? []),
    ...(left.rows > 0 && { quarantine: { ...left, object: await input.keep(quarantine.lines()) } }),
  });
  return { rows, bytes, reused: false, read };
}

/** A value that was replaced in on both occasions counts twice. */
function allUses(uses: readonly PolicyUse[], replaced: readonly Replaced[]): readonly PolicyUse[] {
  const both = replaced.map(({ column, values }) => ({
    column,
    policy: 'replace' as const,
    values: values + (uses.find((use) => use.column === column)?.values ?? 0),
  }));
  return [...uses.filter((use) => !replaced.some(({ column }) => column === use.column)), ...both];
}

/** Every row that was read is in the stage or in quarantine, and what was read is what the manifest says. */
function requireWhole({ rows, reading }: CopiedRows, { chunkId, expected }: ImportInput): void {
  const read = reading.read();
  const left = reading.quarantine.checksum().rows;
  const difference =
    rows + left !== read.rows
      ? `${read.rows} rows were read, COPY took ${rows} and quarantine ${left}`
      : expected !== undefined && !equalChecksums(read, expected)
        ? describeDifference(expected, read, ['the manifest', 'what was read of its parts'])
        : undefined;
  if (difference === undefined) return;
  throw new MigrationError(
    'CHECKSUM_STAGE',
    `Chunk ${chunkId}: ${difference}. Nothing was kept. Retry the chunk; if it happens again, its parts are damaged: ` +
      'delete its manifest and retry.',
  );
}
