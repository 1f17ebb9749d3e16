import { importChunk as importIntoStage } from '../engine/postgres/import-chunk.js';
import { copyTextEncoder } from '../engine/rows/copy-text.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { readParts } from '../engine/transform/part-reader.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import type { ChunkContext, RunContexts } from './run-context.js';
import { scratchDirectory } from './scratch.js';
import type { Step } from './step.js';
import { readTransformed } from './transform-chunk.js';

/** Transformed -> stage: COPY exactly once; the ledger row commits with the rows it stands for (invariant 3). */
export function importChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'import', async (context, step) => {
      const manifest = await readTransformed(deps, context);
      const scratch = await scratchDirectory(deps.spillDirectory);
      try {
        return await importIntoStage({
          target: deps.target,
          table: context.target,
          ...ref,
          epoch: context.chunk.epoch,
          fingerprint: context.chunk.fingerprint,
          attempt: manifest.attempt,
          expected: { rows: manifest.rows, sum: manifest.checksum.sum },
          batches: copyText(deps, context, manifest, scratch.path, step),
          signal: step.signal,
          onProgress: () => step.advance(1),
        });
      } finally {
        await scratch.remove();
      }
    });
}

async function* copyText(
  deps: Dependencies,
  { config, chunk, target }: ChunkContext,
  manifest: Manifest,
  scratch: string,
  { signal, advance }: Step,
): AsyncGenerator<Buffer> {
  const duckdb = await deps.duckdb(config);
  const { columns } = target;
  const encode = copyTextEncoder(columns, chunk.chunkId);
  let ordinal = 0;
  for await (const batch of readParts({
    duckdb,
    bucket: deps.buckets.transformed,
    manifest,
    columns,
    scratch,
    signal,
  })) {
    yield* encode(batch, ordinal);
    ordinal += batch.rows;
    advance(batch.rows);
  }
}
