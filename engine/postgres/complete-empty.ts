import type { TargetConfig } from '../../config/run-config.js';
import type { SetChecksum } from '../rows/types.js';
import { requireEqual } from '../validation/hops.js';
import { emptyChecksum } from '../validation/set-checksum.js';
import { whileBackendWorks } from './backend-watch.js';
import type { Target, TargetClient } from './connection.js';
import { lockChunk, markDone, requireOwned } from './control/chunks.js';
import { writeLedgerRow } from './control/ledger.js';
import { recordResults } from './control/results.js';
import { checksumStage, deleteStaged } from './stage-rows.js';

export interface EmptyChunk {
  readonly target: Target;
  readonly table: TargetConfig;
  readonly runId: string;
  readonly chunkId: string;
  /** As the chunk had it when its parts were found. */
  readonly epoch: number;
  /** Of the chunk's content; what the ledger keeps. */
  readonly fingerprint: string;
  /** Names the export that found no row; kept in the ledger. */
  readonly attempt: string;
  /** The source tables, as the control tables call them. */
  readonly subjects: readonly string[];
  /** How messages name the chunk. */
  readonly place: string;
  readonly signal: AbortSignal;
  /** Called while the server deletes what an earlier import left. */
  readonly onProgress: () => void;
}

/**
 * Import, checksum and DONE of a chunk without rows, in one transaction under a lock on the chunk: what the stage
 * holds of it goes, and its ledger row, results and state come with that. Throws SUPERSEDED where a newer run owns
 * the chunk, CHECKSUM_STAGE where somebody else writes to the stage, `signal.reason` when aborted, or what
 * `errors.ts` maps; then everything is as before.
 */
export async function completeEmpty(chunk: EmptyChunk): Promise<void> {
  const { target, table, chunkId, fingerprint, attempt } = chunk;
  await target.transaction(async (client) => {
    await lockChunk(client, chunkId);
    await requireOwned(client, chunk, fingerprint);
    const began = performance.now();
    const stage = await clearStage(client, chunk);
    const seconds = (performance.now() - began) / 1000;
    requireEqual('stage', emptyChecksum, stage, chunk.place);
    await writeLedgerRow(client, {
      chunkId,
      target: table.name,
      stageSchema: table.stageSchema,
      fingerprint,
      attempt,
      ...emptyChecksum,
      bytes: 0,
    });
    await recordEmpty(client, chunk, stage, seconds);
    await markDone(client, chunk, fingerprint);
  }, chunk.signal);
}

/** What the stage holds of the chunk once nothing of it should be there: counted, never assumed. */
async function clearStage(
  client: TargetClient,
  { target, table, chunkId, onProgress }: EmptyChunk,
): Promise<SetChecksum> {
  const found = await checksumStage(client, table, chunkId);
  if (found.rows === 0) return found;
  await whileBackendWorks(target, client, onProgress, () => deleteStaged(client, table, chunkId));
  return checksumStage(client, table, chunkId);
}

/** The steps that had nothing to do, and every hop after the raw one. */
async function recordEmpty(
  client: TargetClient,
  chunk: EmptyChunk,
  stage: SetChecksum,
  seconds: number,
): Promise<void> {
  const step = { rows: 0, bytes: 0, seconds: 0, reused: false };
  const { name } = chunk.table;
  await recordResults(client, chunk, {
    steps: [
      { ...step, step: 'transform' },
      { ...step, step: 'import' },
      { ...step, step: 'checksum', seconds },
    ],
    checksums: [
      ...[...chunk.subjects, name].map((subject) => ({
        hop: 'transformed' as const,
        subject,
        checksum: emptyChecksum,
        method: 'none',
        matches: true,
      })),
      { hop: 'stage', subject: name, checksum: stage, method: 'postgres', matches: true },
    ],
    gone: ['quarantine'],
  });
}
