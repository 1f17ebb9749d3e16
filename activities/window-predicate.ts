import type { SourceTable } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import type { Window } from '../engine/plan/windows.js';
import type { PlannedSource } from '../engine/postgres/control/source-tables.js';
import type { SourcePredicate } from '../engine/sqlserver/predicate.js';

/**
 * The rows of one source table that belong to a window: its range, its partition, and the table's filter. `columns` are
 * all of the table's. Throws INTERNAL where the column that a range is of is not among them: without its bounds each
 * chunk would take the whole table.
 */
export function windowPredicate(
  { chunkColumn, partitionColumn, filter }: Pick<SourceTable, 'chunkColumn' | 'partitionColumn' | 'filter'>,
  columns: PlannedSource['columns'],
  { from, to, isNull, key }: Window,
): SourcePredicate {
  const named = (wanted: string | undefined) => {
    const column = columns.find(({ name }) => name === wanted);
    if (column === undefined && wanted !== undefined)
      throw new MigrationError('INTERNAL', `The plan has no column '${wanted}' to chunk by.`);
    return column;
  };
  const column = named(chunkColumn);
  const dated = key?.partition === undefined ? undefined : named(partitionColumn);
  // Without a bound a window by key would take the rows without a key a second time.
  const wholeKey = key !== undefined && from === undefined && to === undefined;
  return {
    ...(column !== undefined && { chunkColumn: column }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...((isNull || wholeKey) && { isNull: isNull === true }),
    ...(key?.partition !== undefined &&
      dated !== undefined && { partition: { column: dated, ...key.partition } }),
    ...(filter !== undefined && { filter }),
  };
}
