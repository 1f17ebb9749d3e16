import type { TargetConfig } from '../config/run-config.js';
import { scanFingerprint } from '../engine/plan/fingerprint.js';
import { packKeys } from '../engine/plan/key-windows.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import { keepScan, type PlannedRange, planScan } from '../engine/postgres/control/scans.js';
import type { ChunkScope, PlannedChunk } from '../engine/postgres/control/types.js';
import { describeTable } from '../engine/sqlserver/catalog.js';
import type { ChunkColumn } from '../engine/sqlserver/chunk-column.js';
import { isKeyColumn } from '../engine/sqlserver/key-bound.js';
import { keyMarks } from '../engine/sqlserver/key-marks.js';
import type { SourceReader } from '../engine/sqlserver/session.js';
import { subjectOf } from './count-windows.js';
import type { Dependencies } from './dependencies.js';
import type { RunContext } from './run-context.js';
import { scanPredicate } from './scan-predicate.js';
import type { Step } from './step.js';

/** Ranges of one table at most: their ids are one payload of a workflow. */
const maxRanges = 1_000;
/** Marks that make up a full range: the more, the fuller ranges become. */
const marksInRange = 4;

/**
 * Cuts the source tables into ranges of about `chunk.scanRows` rows by the column that leads their clustered index, in
 * whose order they lie: a table of no more rows is one range, and so is a heap, or one whose keys are not ordered. What
 * an earlier run has cut and read of an equal plan is taken over.
 */
export async function planOnePass(
  deps: Dependencies,
  { config }: RunContext,
  { chunk, sources }: TargetConfig,
  tables: readonly CheckedTable[],
  scope: ChunkScope,
  chunks: readonly PlannedChunk[],
  step: Step,
): Promise<void> {
  const windows = chunks.map(({ window, fingerprint, rowsPlanned }) => ({
    label: window.label,
    fingerprint,
    rows: sources.map((source) => rowsPlanned[subjectOf(source)] ?? 0),
  }));
  const plan = scanFingerprint(windows, chunk.scanRows);
  if (await keepScan(deps.target, scope, plan)) return;
  const rowsOf = (position: number): number =>
    windows.reduce((sum, { rows }) => sum + (rows[position] ?? 0), 0);
  const large = tables.some((_, position) => rowsOf(position) > chunk.scanRows);
  const session = large ? await deps.openSource(config, scope, step) : undefined;
  try {
    const ranges: PlannedRange[] = [];
    for (const [position, table] of tables.entries()) {
      const rows = rowsOf(position);
      const cut =
        session === undefined || rows <= chunk.scanRows
          ? undefined
          : await cutRanges(session, config, table, rows, chunk.scanRows);
      ranges.push(...(cut ?? [{}]).map((range) => ({ position, ...range })));
      step.advance(1);
    }
    await planScan(deps.target, scope, plan, ranges);
  } finally {
    await session?.close();
  }
}

/** Undefined for a table that is one range. */
async function cutRanges(
  reader: SourceReader,
  config: RunContext['config'],
  table: CheckedTable,
  rows: number,
  scanRows: number,
): Promise<readonly Omit<PlannedRange, 'position'>[] | undefined> {
  const { schema, table: name } = table;
  const { clusteredColumn } = await describeTable(reader, schema, name);
  const found = table.columns.find((candidate) => candidate.name === clusteredColumn);
  if (found === undefined || !isKeyColumn(found)) return undefined;
  const column: ChunkColumn = {
    name: found.name,
    sourceType: found.sourceType,
    ...(found.collation !== undefined && { collation: found.collation }),
  };
  const most = Math.max(scanRows, Math.ceil((rows * 2) / maxRanges));
  const predicate = { ...scanPredicate(config, table, {}), chunkColumn: column };
  const marks = await keyMarks(
    reader,
    [{ schema, table: name, predicate }],
    Math.max(1, Math.floor(most / marksInRange)),
  );
  const ranges = packKeys(marks, most);
  if (ranges.length < 2) return undefined;
  const keyed = ranges.map(({ from, to }) => ({
    column,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }));
  return found.nullable ? [...keyed, { column, isNull: true }] : keyed;
}
