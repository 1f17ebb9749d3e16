import type { TargetConfig } from '../config/run-config.js';
import { windowFingerprint } from '../engine/plan/fingerprint.js';
import { keyOf } from '../engine/plan/key-windows.js';
import type { Window } from '../engine/plan/windows.js';
import { type CheckedTable, checkedTables } from '../engine/postgres/control/checked-tables.js';
import { planChunks } from '../engine/postgres/control/plan-chunks.js';
import { keptGrid, type SplitWindow, splitWindows } from '../engine/postgres/control/planned-windows.js';
import { forgetScan } from '../engine/postgres/control/scans.js';
import type { ChunkScope, PlannedChunk } from '../engine/postgres/control/types.js';
import { stageCounts } from '../engine/postgres/stage-rows.js';
import type { DatabaseRef, PlanSummary } from './contract.js';
import { countKeyWindows, keyIdentity } from './count-keys.js';
import { countParts } from './count-parts.js';
import { type CountedWindows, countWhole, countWindows } from './count-windows.js';
import type { Dependencies } from './dependencies.js';
import { planOnePass } from './plan-scan.js';
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
      const earlier = await earlierWindows(deps, context, target, tables, scope);
      const counted = await count(deps, context, target, tables, earlier, ref, step);
      const staged = await deps.target.transaction(
        (client) => stageCounts(client, target, scope),
        step.signal,
      );
      step.advance(1);
      const chunks = counted.windows.map((window, ordinal) =>
        plannedChunk(ref, target, tables, window, ordinal, counted),
      );
      const { chunks: planned, done } = await planChunks(deps.target, scope, chunks, staged);
      // What is done is removed by a restart.
      if (target.chunk.onePass && (config.jobMode === 'restart' || done < planned))
        await planOnePass(deps, context, target, tables, scope, chunks, step);
      else await forgetScan(deps.target, scope);
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

/** What stays of an earlier plan's windows: the parts of those that were split; by key, the whole grid. */
interface EarlierWindows {
  readonly splits: readonly SplitWindow[];
  readonly kept: readonly Window[];
}

/** A restart begins with whole windows, and by key with a new grid. */
async function earlierWindows(
  deps: Dependencies,
  { config }: RunContext,
  { chunk }: TargetConfig,
  tables: readonly CheckedTable[],
  scope: Omit<ChunkScope, 'runId'>,
): Promise<EarlierWindows> {
  if (config.jobMode === 'restart') return { splits: [], kept: [] };
  if (chunk.by !== 'key') return { splits: await splitWindows(deps.target, scope), kept: [] };
  const grid = keyOf(keyIdentity(tables), config.inputPartition);
  return { splits: [], kept: await keptGrid(deps.target, scope, grid) };
}

async function count(
  deps: Dependencies,
  { config }: RunContext,
  target: TargetConfig,
  tables: readonly CheckedTable[],
  { splits, kept }: EarlierWindows,
  ref: DatabaseRef,
  step: Step,
): Promise<CountedWindows> {
  const session = await deps.openSource(config, ref, step);
  try {
    return await session.inSnapshot(config.consistency, async (reader) => {
      if (target.chunk.by === 'none') return countWhole(reader, tables, step);
      if (target.chunk.by === 'key') {
        const { inputPartition: partition } = config;
        const grid = keyOf(keyIdentity(tables), partition);
        return countKeyWindows(
          { reader, tables, grid, ...(partition !== undefined && { partition }), kept, step },
          target,
        );
      }
      const counted = await countWindows(reader, target, tables, config.inputPartition, step);
      return countParts(reader, tables, counted, splits, step);
    });
  } finally {
    await session.close();
  }
}
