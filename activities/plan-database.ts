import type { TargetConfig } from '../config/run-config.js';
import { windowFingerprint } from '../engine/plan/fingerprint.js';
import type { Window } from '../engine/plan/windows.js';
import { type CheckedTable, checkedTables } from '../engine/postgres/control/checked-tables.js';
import { planChunks } from '../engine/postgres/control/plan-chunks.js';
import { type SplitWindow, splitWindows } from '../engine/postgres/control/planned-windows.js';
import type { PlannedChunk } from '../engine/postgres/control/types.js';
import { stageCounts } from '../engine/postgres/stage.js';
import type { DatabaseRef, PlanSummary } from './contract.js';
import { countParts } from './count-parts.js';
import { type CountedWindows, countWhole, countWindows } from './count-windows.js';
import type { Dependencies } from './dependencies.js';
import { type RunContext, type RunContexts, targetOf } from './run-context.js';
import { runStep, type Step } from './step.js';

/** A count is one statement of the source, silent to its end: with the default stall time it may take two hours. */
const countingPatience = 24;

/**
 * Windows, their row counts and fingerprints for one database of one target, as the control table's plan. Proves
 * that the plan is complete: the windows' rows sum to one COUNT_BIG under the filter (invariant 8).
 */
export function planDatabase(deps: Dependencies, contexts: RunContexts) {
  return (ref: DatabaseRef): Promise<PlanSummary> =>
    runStep(async (step) => {
      const context = await contexts.of(ref.runId);
      const { config } = context;
      step.stallAfter(config.stallSeconds * countingPatience);
      const target = targetOf(config, ref.target);
      const tables = await checkedTables(deps.target, ref.runId, target, ref);
      const { category, quarantineLimit } = config;
      const scope = { ...ref, category, stageSchema: target.stageSchema, quarantineLimit };
      // A restart begins with whole windows again.
      const splits = config.jobMode === 'restart' ? [] : await splitWindows(deps.target, scope);
      const counted = await count(deps, context, target, tables, splits, ref, step);
      const staged = await stageCounts(deps.target, target, scope);
      step.advance(1);
      const chunks = counted.windows.map((window, ordinal) =>
        plannedChunk(ref, target, tables, window, ordinal, counted),
      );
      const { chunks: planned, done } = await planChunks(deps.target, scope, chunks, staged);
      return {
        chunks: planned,
        // What is done now is removed before the first chunk starts.
        done: config.jobMode === 'restart' ? 0 : done,
        rows: counted.total,
        rowsLeftOut: counted.leftOut,
      };
    });
}

function plannedChunk(
  place: DatabaseRef,
  target: TargetConfig,
  tables: readonly CheckedTable[],
  window: Window,
  ordinal: number,
  { rows }: CountedWindows,
): PlannedChunk {
  return {
    window,
    ordinal,
    fingerprint: windowFingerprint(place, target, tables, window),
    rowsPlanned: rows.get(window.label) ?? {},
  };
}

async function count(
  deps: Dependencies,
  { config }: RunContext,
  target: TargetConfig,
  tables: readonly CheckedTable[],
  splits: readonly SplitWindow[],
  ref: DatabaseRef,
  step: Step,
): Promise<CountedWindows> {
  const session = await deps.openSource(config, ref, step);
  try {
    return await session.inSnapshot(config.consistency, async (reader) => {
      if (target.chunk.by === 'none') return countWhole(reader, tables, step);
      const counted = await countWindows(reader, target, tables, config.inputPartition, step);
      return countParts(reader, tables, counted, splits, step);
    });
  } finally {
    await session.close();
  }
}
