import { whileBackendWorks } from '../engine/postgres/backend-watch.js';
import type { TargetClient } from '../engine/postgres/connection.js';
import { markDone } from '../engine/postgres/control/chunks.js';
import { findLedgerRow, type LedgerRow, quarantinedBy, readBy } from '../engine/postgres/control/ledger.js';
import { type ChecksumRecord, recordResults } from '../engine/postgres/control/results.js';
import { checksumStage, noteStagePages } from '../engine/postgres/stage-rows.js';
import type { SetChecksum } from '../engine/rows/types.js';
import { requireEqual } from '../engine/validation/hops.js';
import { addChecksums, equalChecksums } from '../engine/validation/set-checksum.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { type ChunkContext, placeOf, type RunContexts, routeOf } from './run-context.js';
import type { Step } from './step.js';
import { partsGone, readTransformed } from './transform-chunk.js';

/** What was handed on = stage and quarantine, the stage by PostgreSQL's own hash. Only then is the chunk DONE. */
export function checksumChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'checksum', async (context, step) => {
      const { name: subject } = context.target;
      const { staged, ledger } = await readStage(deps, context, step);
      const handedOn = await handedOnBy(deps, context, ledger);
      const quarantined = quarantinedBy(ledger);
      const expected = handedOn.checksum;
      const actual = addChecksums([staged, quarantined]);
      const matches = equalChecksums(expected, actual);
      // Before the comparison throws: the report shows all sides of one that failed.
      await recordResults(deps.target, ref, {
        checksums: [
          { hop: 'transformed', subject, ...handedOn },
          ...inQuarantine(subject, quarantined),
          { hop: 'stage', subject, checksum: staged, method: 'postgres', matches },
        ],
        gone: quarantined.rows > 0 ? [] : ['quarantine'],
      });
      const counted = quarantined.rows > 0 ? `, with ${quarantined.rows} rows in quarantine` : '';
      requireEqual('stage', expected, actual, `${placeOf(context)}${counted}`);
      await markDone(deps.target, ref, context.chunk.fingerprint);
      return { rows: staged.rows, bytes: 0, reused: false };
    });
}

async function readStage(
  { target: db }: Dependencies,
  { target, chunk }: ChunkContext,
  { signal, advance }: Step,
): Promise<{ readonly staged: SetChecksum; readonly ledger: LedgerRow | undefined }> {
  const whileItWorks = <T>(client: TargetClient, work: () => Promise<T>) =>
    whileBackendWorks(db, client, () => advance(1), work);
  await db.withClient((client) => whileItWorks(client, () => noteStagePages(client, target)), signal);
  return db.transaction(
    (client) =>
      whileItWorks(client, async () => ({
        staged: await checksumStage(client, target, chunk.chunkId),
        ledger: await findLedgerRow(client, chunk.chunkId),
      })),
    signal,
  );
}

/**
 * What the stage was given, in the target's types: by the transformed parts' own checksum where that is of the very
 * values, else by the reader that converted them, whose reading the parts' checksum has confirmed.
 */
async function handedOnBy(
  deps: Dependencies,
  context: ChunkContext,
  ledger: LedgerRow | undefined,
): Promise<Pick<ChecksumRecord, 'checksum' | 'method'>> {
  const parts = routeOf(context.target) === 'transform' ? await readTransformed(deps, context) : undefined;
  if (ledger === undefined) {
    if (parts === undefined) throw partsGone('raw');
    return { checksum: parts.checksum, method: 'duckdb' };
  }
  if (
    parts !== undefined &&
    (ledger.readSum === undefined || !equalChecksums(readBy(ledger), parts.checksum))
  )
    return { checksum: parts.checksum, method: 'duckdb' };
  return { checksum: addChecksums([ledger, quarantinedBy(ledger)]), method: 'reader' };
}

/** Hashed by the reader of the parts, as no server ever held these rows. */
function inQuarantine(subject: string, checksum: SetChecksum): readonly ChecksumRecord[] {
  return checksum.rows > 0 ? [{ hop: 'quarantine', subject, checksum, method: 'reader' }] : [];
}
