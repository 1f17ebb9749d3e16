import type { TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { chunkFingerprint, rawFingerprint } from '../engine/plan/fingerprint.js';
import type { Window } from '../engine/plan/windows.js';
import { planChunks } from '../engine/postgres/control/plan-chunks.js';
import { listSourceTables, type PlannedSource } from '../engine/postgres/control/source-tables.js';
import type { PlannedChunk } from '../engine/postgres/control/types.js';
import { stageCounts } from '../engine/postgres/stage.js';
import type { DatabaseRef, PlanSummary } from './contract.js';
import { type CheckedTable, type CountedWindows, countWhole, countWindows } from './count-windows.js';
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
      const tables = tablesOf(target, await listSourceTables(deps.target, ref.runId, ref));
      const counted = await count(deps, context, target, tables, ref, step);
      const scope = { ...ref, category: config.category, stageSchema: target.stageSchema };
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

function tablesOf(target: TargetConfig, planned: readonly PlannedSource[]): readonly CheckedTable[] {
  return target.sources.map((source) => {
    const found = planned.find(({ schema, table }) => schema === source.schema && table === source.table);
    if (found === undefined)
      throw new MigrationError(
        'INTERNAL',
        `${source.schema}.${source.table} was not checked before its plan.`,
      );
    return { ...found, source };
  });
}

function plannedChunk(
  { server, database }: DatabaseRef,
  target: TargetConfig,
  tables: readonly CheckedTable[],
  window: Window,
  ordinal: number,
  { rows }: CountedWindows,
): PlannedChunk {
  const raw = tables.map(({ source, columns }) =>
    rawFingerprint({ server, database, source, columns, window }),
  );
  return {
    window,
    ordinal,
    fingerprint: chunkFingerprint(target, raw),
    rowsPlanned: rows.get(window.label) ?? {},
  };
}

async function count(
  deps: Dependencies,
  { config }: RunContext,
  target: TargetConfig,
  tables: readonly CheckedTable[],
  ref: DatabaseRef,
  step: Step,
): Promise<CountedWindows> {
  const session = await deps.openSource(config, ref, step.signal);
  try {
    return await session.inSnapshot(config.consistency, (reader) =>
      target.chunk.by === 'none'
        ? countWhole(reader, tables, step)
        : countWindows(reader, target, tables, config.inputPartition, step),
    );
  } finally {
    await session.close();
  }
}
