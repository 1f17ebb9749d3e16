import { whileBackendWorks } from '../engine/postgres/backend-watch.js';
import { markDone } from '../engine/postgres/control/chunks.js';
import { findLedgerRow, quarantinedBy } from '../engine/postgres/control/ledger.js';
import { type ChecksumRecord, recordResults } from '../engine/postgres/control/results.js';
import { checksumStage } from '../engine/postgres/stage.js';
import type { SetChecksum } from '../engine/rows/types.js';
import { requireEqual } from '../engine/validation/hops.js';
import { addChecksums, equalChecksums } from '../engine/validation/set-checksum.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { placeOf, type RunContexts } from './run-context.js';
import { readTransformed } from './transform-chunk.js';

/** Transformed = stage and quarantine, the stage by PostgreSQL's own hash. Only then is the chunk DONE. */
export function checksumChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'checksum', async (context, step) => {
      const { target } = context;
      const { checksum: expected } = await readTransformed(deps, context);
      const { staged, quarantined } = await deps.target.withClient(
        (client) =>
          whileBackendWorks(
            deps.target,
            client,
            () => step.advance(1),
            async () => ({
              staged: await checksumStage(client, target, ref.chunkId),
              quarantined: quarantinedBy(await findLedgerRow(client, ref.chunkId)),
            }),
          ),
        step.signal,
      );
      const actual = addChecksums([staged, quarantined]);
      const subject = target.name;
      // Before the comparison throws: the report shows all sides of one that failed.
      await recordResults(deps.target, ref, {
        checksums: [
          { hop: 'transformed', subject, checksum: expected, method: 'duckdb' },
          ...inQuarantine(subject, quarantined),
          {
            hop: 'stage',
            subject,
            checksum: staged,
            method: 'postgres',
            matches: equalChecksums(expected, actual),
          },
        ],
        gone: quarantined.rows > 0 ? [] : ['quarantine'],
      });
      const counted = quarantined.rows > 0 ? `, with ${quarantined.rows} rows in quarantine` : '';
      requireEqual('stage', expected, actual, `${placeOf(context)}${counted}`);
      await markDone(deps.target, ref, context.chunk.fingerprint);
      return { rows: staged.rows, bytes: 0, reused: false };
    });
}

/** Hashed by the reader of the parts, as no server ever held these rows. */
function inQuarantine(subject: string, checksum: SetChecksum): readonly ChecksumRecord[] {
  return checksum.rows > 0 ? [{ hop: 'quarantine', subject, checksum, method: 'reader' }] : [];
}
