import { about, MigrationError } from '../engine/errors.js';
import { copiedColumns } from '../engine/plan/check-copy.js';
import { importChunk as importIntoStage } from '../engine/postgres/import-chunk.js';
import type { ColumnBatch } from '../engine/rows/column-batch.js';
import { createRowHasher } from '../engine/rows/hash/row-hasher.js';
import type { Column } from '../engine/rows/types.js';
import type { Bucket } from '../engine/storage/bucket.js';
import type { Manifest } from '../engine/storage/manifest.js';
import { readParts } from '../engine/transform/part-reader.js';
import { describeDifference, equalChecksums } from '../engine/validation/set-checksum.js';
import { runChunkStep } from './chunk-step.js';
import type { ChunkRef, StepResult } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { readRaw } from './export-chunk.js';
import { keepQuarantine } from './quarantine-file.js';
import { type ChunkContext, placeOf, type RunContexts, routeOf } from './run-context.js';
import { scratchDirectory } from './scratch.js';
import type { Step } from './step.js';
import { partsGone, readTransformed } from './transform-chunk.js';

/** Parts -> stage: COPY exactly once; the ledger row commits with the rows it stands for (invariant 3). */
export function importChunk(deps: Dependencies, contexts: RunContexts) {
  return (ref: ChunkRef): Promise<StepResult> =>
    runChunkStep(deps, contexts, ref, 'import', async (context, step) => {
      const { chunk, config, target } = context;
      const { manifest, bucket } = await partsOf(deps, context);
      const columns = copiedColumns(target, manifest.columns);
      const whole = isWhole(manifest, columns);
      const scratch = await scratchDirectory(deps.spillDirectory);
      // A COPY that fails does not wait for its rows: a download of theirs must not outlive the directory.
      const over = new AbortController();
      const signal = AbortSignal.any([step.signal, over.signal]);
      const parts = { bucket, manifest, scratch: scratch.path, signal };
      try {
        return await about(placeOf(context), () =>
          importIntoStage({
            target: deps.target,
            table: target,
            ...ref,
            epoch: chunk.epoch,
            fingerprint: chunk.fingerprint,
            attempt: manifest.attempt,
            ...(whole && { expected: manifest.checksum }),
            columns,
            replaced: () => manifest.replaced ?? [],
            rows: () =>
              whole ? rowsOf(deps, context, parts, step) : chosen(deps, context, parts, columns, step),
            quarantineLimit: config.quarantineLimit,
            keep: (lines) => keepQuarantine(deps, context, lines),
            signal: step.signal,
            onProgress: () => step.advance(1),
          }),
        );
      } finally {
        over.abort();
        await scratch.remove();
      }
    });
}

interface Parts {
  readonly bucket: Bucket;
  readonly manifest: Manifest;
  /** Directory for what is downloaded. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** What the stage is filled from. Throws PARTS_GONE where it is not there (any more). */
async function partsOf(
  deps: Dependencies,
  context: ChunkContext,
): Promise<Pick<Parts, 'manifest' | 'bucket'>> {
  const { raw, transformed } = deps.buckets;
  if (routeOf(context.target) === 'transform')
    return { manifest: await readTransformed(deps, context), bucket: transformed };
  const [manifest] = (await readRaw(deps, context)) ?? [];
  if (manifest === undefined) throw partsGone('raw');
  return { manifest, bucket: raw };
}

/** Whether the columns are all that the parts have, in their order. */
function isWhole({ columns }: Manifest, wanted: readonly Column[]): boolean {
  return columns.length === wanted.length && columns.every(({ name }, index) => wanted[index]?.name === name);
}

async function* rowsOf(
  deps: Dependencies,
  { config }: ChunkContext,
  parts: Parts,
  { advance }: Step,
): AsyncGenerator<ColumnBatch, void> {
  const duckdb = await deps.duckdb(config, 'parts');
  const { columns } = parts.manifest;
  for await (const batch of readParts({ duckdb, ...parts, columns })) {
    yield batch;
    advance(batch.rows);
  }
}

/** Reads and hashes whole rows, as the manifest's checksum is over all columns, and passes on some of them. */
async function* chosen(
  deps: Dependencies,
  context: ChunkContext,
  parts: Parts,
  columns: readonly Column[],
  step: Step,
): AsyncGenerator<ColumnBatch, void> {
  const { manifest } = parts;
  const places = columns.map((wanted) => manifest.columns.findIndex(({ name }) => name === wanted.name));
  const hasher = createRowHasher(manifest.columns);
  for await (const { rows, columns: all } of rowsOf(deps, context, parts, step)) {
    hasher.add({ rows, columns: all });
    yield { rows, columns: places.map((place) => all[place] as (typeof all)[number]) };
  }
  const read = hasher.value();
  if (equalChecksums(read, manifest.checksum)) return;
  throw new MigrationError(
    'STORAGE_IO',
    `${describeDifference(manifest.checksum, read, ['the manifest', 'its parts'])}. Restart this window.`,
  );
}
