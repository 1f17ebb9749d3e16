import { refuseOverlaps } from '../engine/postgres/control/plan-chunks.js';
import {
  type PreparedChunk,
  preparedChunks,
  reopenChunks,
} from '../engine/postgres/control/prepared-chunks.js';
import { removeRows } from '../engine/postgres/remove.js';
import { prepareStage } from '../engine/postgres/stage.js';
import { rawPrefix, transformedPrefix } from '../engine/storage/keys.js';
import { deleteManifest } from '../engine/storage/manifest-store.js';
import type { RemovalSummary, RunRef } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { type RunContext, type RunContexts, targetOf } from './run-context.js';
import { runStep, type Step } from './step.js';

/**
 * Stage tables with a child for each planned month, and in `restart` the removal: once, here, before any chunk
 * starts, so that no retry of a chunk can remove what another has imported (invariant 7).
 */
export function prepareTargets(deps: Dependencies, contexts: RunContexts) {
  return ({ runId }: RunRef): Promise<RemovalSummary> =>
    runStep(async (step) => {
      const context = await contexts.of(runId);
      step.stallAfter(context.config.stallSeconds);
      for (const table of context.config.targets) {
        const months = await plannedMonths(deps, runId, table.name);
        await prepareStage(deps.target, table, table.partitionColumn === undefined ? [] : months);
        step.advance(1);
      }
      const rowsRemoved = context.config.jobMode === 'restart' ? await removeAll(deps, context, step) : 0;
      await refuseOverlaps(deps.target, runId);
      return { rowsRemoved };
    });
}

async function removeAll(deps: Dependencies, { runId, config }: RunContext, step: Step): Promise<number> {
  let rowsRemoved = 0;
  for (const table of config.targets) {
    const removal = await removeRows({
      target: deps.target,
      table,
      category: config.category,
      sources: config.databases,
      ...(config.inputPartition !== undefined && { inputPartition: config.inputPartition }),
    });
    rowsRemoved += removal.rowsRemoved;
    step.advance(1);
    // The planned chunks too: one that was exported and never imported must not give its old parts again.
    await forgetParts(deps, config, preparedChunks(deps.target, runId, table.name, removal.chunkIds), step);
  }
  await reopenChunks(deps.target, runId);
  return rowsRemoved;
}

const deletesAtOnce = 16;

/** Without a manifest there is no data: the parts left behind are for the clean-up. */
export async function forgetParts(
  deps: Dependencies,
  config: RunContext['config'],
  chunks: AsyncIterable<PreparedChunk>,
  step: Step,
): Promise<void> {
  let batch: Promise<void>[] = [];
  for await (const chunk of chunks) {
    step.signal.throwIfAborted();
    batch.push(forgetChunk(deps, config, chunk));
    if (batch.length < deletesAtOnce) continue;
    await Promise.all(batch);
    step.advance(batch.length);
    batch = [];
  }
  await Promise.all(batch);
}

async function forgetChunk(
  deps: Dependencies,
  config: RunContext['config'],
  chunk: PreparedChunk,
): Promise<void> {
  const place = { category: config.category, ...chunk };
  await deleteManifest(deps.buckets.transformed, transformedPrefix(place));
  for (const { schema, table } of targetOf(config, chunk.target).sources)
    await deleteManifest(deps.buckets.raw, rawPrefix({ ...place, schema, table }));
}

/** `YYYYMM` of every planned window that lies in one month; other rows go to the default child. */
async function plannedMonths(deps: Dependencies, runId: string, target: string): Promise<readonly string[]> {
  const months = new Set<string>();
  for await (const { window } of preparedChunks(deps.target, runId, target, []))
    if (/^\d{6}(\d\d)?$/.test(window)) months.add(window.slice(0, 6));
  return [...months].sort();
}
