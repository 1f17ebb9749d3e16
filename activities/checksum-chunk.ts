import { whileBackendWorks } from '../engine/postgres/backend-watch.js';
import { markDone } from '../engine/postgres/control/chunks.js';
import { recordChecksum } from '../engine/postgres/control/results.js';
import { checksumStage } from '../engine/postgres/stage.js';
import { requireEqual } from '../engine/validation/hops.js';
import { equalChecksums } from '../engine/validation/set-checksum.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { placeOf, type RunContexts } from './run-context.js';
import { readTransformed } from './transform-chunk.js';

/** Transformed = stage, by PostgreSQL's own hash of the rows it holds. Only then is the chunk DONE. */
export function checksumChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'checksum', async (context, step) => {
      const { target } = context;
      const { checksum: expected } = await readTransformed(deps, context);
      const actual = await deps.target.withClient(
        (client) =>
          whileBackendWorks(
            deps.target,
            client,
            () => step.advance(1),
            () => checksumStage(client, target, ref.chunkId),
          ),
        step.signal,
      );
      const entry = { ...ref, subject: target.name };
      await recordChecksum(deps.target, {
        ...entry,
        hop: 'transformed',
        checksum: expected,
        method: 'duckdb',
      });
      await recordChecksum(deps.target, {
        ...entry,
        hop: 'stage',
        checksum: actual,
        method: 'postgres',
        matches: equalChecksums(expected, actual),
      });
      requireEqual('stage', expected, actual, placeOf(context));
      await markDone(deps.target, ref, context.chunk.fingerprint);
      return { rows: actual.rows, bytes: 0, reused: false };
    });
}
