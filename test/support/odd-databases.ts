import { type DatabaseStyle, foundingDatabase } from '../../sandbox/seed/founding-servers.js';
import type { DatabaseDefinition, TableDefinition } from '../../sandbox/sqlserver/engine/definition.js';

function database(name: string, style: Partial<DatabaseStyle> = {}): DatabaseDefinition {
  return foundingDatabase({ name, idPrefix: name, rows: 0, text: 'varchar', time: 'datetime2', ...style });
}

function withTables(
  { tables, ...rest }: DatabaseDefinition,
  change: (table: TableDefinition) => readonly TableDefinition[],
): DatabaseDefinition {
  return { ...rest, tables: tables.flatMap(change) };
}

function without(column: string) {
  return (table: TableDefinition): readonly TableDefinition[] => [
    {
      ...table,
      columns: table.columns.filter(({ name }) => name !== column),
      primaryKey: table.primaryKey.filter((name) => name !== column),
      indexes: (table.indexes ?? []).filter(({ columns }) => !columns.includes(column)),
    },
  ];
}

/** One of each kind that the plan refuses; the login of all of them has no UNMASK. */
export const oddDatabases = [
  database('Masked', { maskedColumns: ['cell_location', 'device_coordinate'] }),
  database('RowSecurity', { rowLevelSecurity: true }),
  database('NoSnapshot', { snapshotIsolation: false }),
  database('NoIndex', { timeIndex: false }),
  withTables(database('OneTable'), (table) => (table.name === 'ue_statistics_data' ? [] : [table])),
  withTables(database('NoTime'), without('data_timestamp')),
  withTables(database('NoBandwidth'), without('bandwidth_usage_total')),
];
