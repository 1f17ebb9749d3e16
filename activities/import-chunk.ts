import { randomUUID } from 'node:crypto';
import { about } from '../engine/errors.js';
import { importChunk as importIntoStage } from '../engine/postgres/import-chunk.js';
import type { RowBatch } from '../engine/rows/types.js';
import { quarantineKey } from '../engine/storage/keys.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { readParts } from '../engine/transform/part-reader.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { type ChunkContext, placeOf, type RunContexts } from './run-context.js';
import { scratchDirectory } from './scratch.js';
import type { Step } from './step.js';
import { readTransformed } from './transform-chunk.js';

/** Transformed -> stage: COPY exactly once; the ledger row commits with the rows it stands for (invariant 3). */
export function importChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'import', async (context, step) => {
      const { chunk, config, target } = context;
      const manifest = await readTransformed(deps, context);
      const scratch = await scratchDirectory(deps.spillDirectory);
      try {
        return await about(placeOf(context), () =>
          importIntoStage({
            target: deps.target,
            table: target,
            ...ref,
            epoch: chunk.epoch,
            fingerprint: chunk.fingerprint,
            attempt: manifest.attempt,
            expected: manifest.checksum,
            rows: () => rowsOf(deps, context, manifest, scratch.path, step),
            quarantineLimit: config.quarantineLimit,
            keep: (lines) => keep(deps, context, lines),
            signal: step.signal,
            onProgress: () => step.advance(1),
          }),
        );
      } finally {
        await scratch.remove();
      }
    });
}

async function* rowsOf(
  deps: Dependencies,
  { config, target }: ChunkContext,
  manifest: Manifest,
  scratch: string,
  { signal, advance }: Step,
): AsyncGenerator<RowBatch> {
  const duckdb = await deps.duckdb(config);
  const { columns } = target;
  const bucket = deps.buckets.transformed;
  for await (const batch of readParts({ duckdb, bucket, manifest, columns, scratch, signal })) {
    yield batch;
    advance(batch.rows);
  }
}

/** Under a name of its own: what an attempt that fails after this leaves there is nobody's. */
async function keep({ buckets }: Dependencies, { chunk }: ChunkContext, lines: string): Promise<string> {
  const key = quarantineKey({ ...chunk, window: chunk.window.label }, randomUUID());
  await buckets.stats.put(key, lines);
  return key;
}
