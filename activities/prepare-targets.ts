import type { TargetConfig } from '../config/run-config.js';
import { windowGrid } from '../engine/plan/windows.js';
import { refuseOverlaps } from '../engine/postgres/control/plan-chunks.js';
import { plannedMonths, rowsOutsidePlan } from '../engine/postgres/control/planned-windows.js';
import { removeRows } from '../engine/postgres/remove.js';
import { prepareStage } from '../engine/postgres/stage.js';
import { takeOverOpenEnds } from '../engine/postgres/take-over.js';
import type { RemovalSummary, RunRef } from './contract.js';
import type { Dependencies } from './dependencies.js';
import type { RunContext, RunContexts } from './run-context.js';
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
        await prepareStage(deps.target, table, await monthsOf(deps, runId, table));
        step.advance(1);
      }
      const rowsRemoved = await clearStage(deps, context, step);
      await refuseOverlaps(deps.target, runId);
      const { category, targets, inputPartition } = context.config;
      const outside = await rowsOutsidePlan(deps.target, runId, {
        category,
        targets: targets.map(({ name }) => name),
        ...(inputPartition !== undefined && { inputPartition }),
      });
      return { rowsRemoved, rowsOutsidePlan: outside };
    });
}

/** A century: a filter that names more means its end as none at all, and the default child takes the rows. */
const mostMonths = 1_200;

/** By key windows name no months, but what bounds the rows of the first source may. */
async function monthsOf(deps: Dependencies, runId: string, table: TargetConfig): Promise<readonly string[]> {
  if (table.partitionColumn === undefined) return [];
  const planned = await plannedMonths(deps.target, runId, table.name);
  const { from, to } = table.sources[0]?.filterBounds ?? {};
  if (table.chunk.by !== 'key' || planned.length > 0 || from === undefined || to === undefined)
    return planned;
  const months = windowGrid({ grain: 'month', bounds: { from, to }, nulls: false }).map(({ label }) => label);
  return months.length > mostMonths ? planned : months.filter((label) => /^\d{6}$/.test(label));
}

async function clearStage(deps: Dependencies, { runId, config }: RunContext, step: Step): Promise<number> {
  let rowsRemoved = 0;
  for (const table of config.targets) {
    const { signal } = step;
    const onProgress = (): void => step.advance(1);
    if (config.jobMode === 'resume') {
      await takeOverOpenEnds({ target: deps.target, table, runId, signal, onProgress });
      continue;
    }
    const removal = await removeRows({
      target: deps.target,
      table,
      runId,
      category: config.category,
      sources: config.databases,
      ...(config.inputPartition !== undefined && { inputPartition: config.inputPartition }),
      signal,
      onProgress,
    });
    rowsRemoved += removal.rowsRemoved;
  }
  return rowsRemoved;
}
