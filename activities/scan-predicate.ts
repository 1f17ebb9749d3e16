import type { RunConfig } from '../config/run-config.js';
import { partitionRange } from '../engine/plan/windows.js';
import type { CheckedTable } from '../engine/postgres/control/checked-tables.js';
import type { ScanRange } from '../engine/postgres/control/scan-ranges.js';
import type { SourcePredicate } from '../engine/sqlserver/predicate.js';

/** The rows of one source table that belong to a run, or those of them in a range of its keys. */
export function scanPredicate(
  { inputPartition }: Pick<RunConfig, 'inputPartition'>,
  { source, columns }: Pick<CheckedTable, 'source' | 'columns'>,
  { column, from, to, isNull }: Pick<ScanRange, 'column' | 'from' | 'to' | 'isNull'>,
): SourcePredicate {
  const dated = columns.find(({ name }) => name === source.chunkColumn);
  return {
    ...(column !== undefined && { chunkColumn: column }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(isNull !== undefined && { isNull }),
    ...(inputPartition !== undefined &&
      dated !== undefined && { partition: { column: dated, ...partitionRange(inputPartition) } }),
    ...(source.filter !== undefined && { filter: source.filter }),
  };
}
