import type { SourceTable, TargetConfig } from '../../../config/run-config.js';
import { MigrationError } from '../../errors.js';
import type { Queryable } from '../connection.js';
import { listSourceTables, type PlannedSource } from './source-tables.js';

/** A source table with what the run's check found of it. */
export type CheckedTable = PlannedSource & { readonly source: SourceTable };

/** The target's source tables in one database, in the order of its configuration. */
export async function checkedTables(
  db: Queryable,
  runId: string,
  target: TargetConfig,
  place: { readonly server: string; readonly database: string },
): Promise<readonly CheckedTable[]> {
  const found = await listSourceTables(db, runId, { ...place, target: target.name });
  return target.sources.map((source) => {
    const checked = found.find(({ schema, table }) => schema === source.schema && table === source.table);
    if (checked === undefined)
      throw new MigrationError(
        'INTERNAL',
        `${source.schema}.${source.table} was not checked before its plan.`,
      );
    return { ...checked, source };
  });
}
