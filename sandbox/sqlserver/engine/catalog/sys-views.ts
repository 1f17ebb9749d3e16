import { quoteName } from '../quoting.js';
import type { SqlType } from '../types.js';
import type { CatalogTable, Database, Server } from './catalog.js';
import { sessionViews } from './session-views.js';
import { typeFacts, typeIds } from './type-facts.js';
import type { View, ViewRow } from './view.js';

export interface ViewContext {
  readonly server: Server;
  readonly database: Database;
  readonly text: SqlType;
  /** Called where reading the view reads user tables (row counts). */
  readonly touch: () => void;
}

const int: SqlType = { name: 'int' };
const tinyint: SqlType = { name: 'tinyint' };
const smallint: SqlType = { name: 'smallint' };
const bigint: SqlType = { name: 'bigint' };
const bit: SqlType = { name: 'bit' };
const char2 = (collation: string): SqlType => ({ name: 'char', length: 2, collation });

const created = 1_735_689_600_000_000n;

interface CatalogIndex {
  readonly id: number;
  readonly name: string | null;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly primaryKey: boolean;
}

/** Index 1 is the clustered primary key; a table without one is a heap, index 0. */
function indexesOf(table: CatalogTable): readonly CatalogIndex[] {
  const clustered: CatalogIndex =
    table.primaryKey.length > 0
      ? { id: 1, name: `PK_${table.name}`, columns: table.primaryKey, unique: true, primaryKey: true }
      : { id: 0, name: null, columns: [], unique: false, primaryKey: false };
  const others = table.indexes.map((index, position) => ({
    id: position + 2,
    name: index.name,
    columns: index.columns,
    unique: index.unique ?? false,
    primaryKey: false,
  }));
  return [clustered, ...others];
}

const columnId = (table: CatalogTable, name: string): number =>
  table.columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase()) + 1;

const perIndex = (
  database: Database,
  row: (table: CatalogTable, index: CatalogIndex) => ViewRow,
): readonly ViewRow[] =>
  database.tables.flatMap((table) => indexesOf(table).map((index) => row(table, index)));

const rowCount = (database: Database, table: CatalogTable): string =>
  `(SELECT count(*) FROM ${[database.name, table.schema, table.name].map(quoteName).join('.')})`;

const objectColumns = (text: SqlType, collation: string): View['columns'] => [
  ['name', text],
  ['object_id', int],
  ['schema_id', int],
  ['parent_object_id', int],
  ['type', char2(collation)],
  ['type_desc', text, 'null'],
  ['create_date', { name: 'datetime' }],
  ['modify_date', { name: 'datetime' }],
  ['is_ms_shipped', bit],
];

const objectRow = (database: Database, table: CatalogTable): ViewRow => ({
  name: table.name,
  object_id: table.objectId,
  schema_id: database.schemaId(table.schema),
  parent_object_id: 0,
  type: 'U ',
  type_desc: 'USER_TABLE',
  create_date: created,
  modify_date: created,
  is_ms_shipped: false,
});

const policyId = (table: CatalogTable): number => table.objectId + 7;

type MakeView = (context: ViewContext) => View;

const catalogViews: Readonly<Record<string, MakeView>> = {
  databases: ({ server, text }) => ({
    columns: [
      ['name', text],
      ['database_id', int],
      ['compatibility_level', tinyint],
      ['collation_name', text, 'null'],
      ['state', tinyint, 'null'],
      ['state_desc', text, 'null'],
      ['snapshot_isolation_state', tinyint, 'null'],
      ['snapshot_isolation_state_desc', text, 'null'],
      ['is_read_committed_snapshot_on', bit, 'null'],
      ['is_read_only', bit, 'null'],
    ],
    rows: server.databases.map((database) => ({
      name: database.name,
      database_id: database.id,
      compatibility_level: database.compatibilityLevel,
      collation_name: database.collation,
      state: 0,
      state_desc: 'ONLINE',
      snapshot_isolation_state: database.snapshotIsolation ? 1 : 0,
      snapshot_isolation_state_desc: database.snapshotIsolation ? 'ON' : 'OFF',
      is_read_committed_snapshot_on: database.readCommittedSnapshot,
      is_read_only: false,
    })),
  }),
  schemas: ({ database, text }) => ({
    columns: [
      ['name', text],
      ['schema_id', int],
      ['principal_id', int, 'null'],
    ],
    rows: database.schemas.map((schema) => ({ name: schema.name, schema_id: schema.id, principal_id: 1 })),
  }),
  objects: ({ database, text }) => ({
    columns: objectColumns(text, database.collation),
    rows: database.tables.map((table) => objectRow(database, table)),
  }),
  tables: ({ database, text }) => ({
    columns: [
      ...objectColumns(text, database.collation),
      ['is_memory_optimized', bit, 'null'],
      ['temporal_type', tinyint, 'null'],
      ['temporal_type_desc', text, 'null'],
      ['is_external', bit],
    ],
    rows: database.tables.map((table) => ({
      ...objectRow(database, table),
      is_memory_optimized: false,
      temporal_type: 0,
      temporal_type_desc: 'NON_TEMPORAL_TABLE',
      is_external: false,
    })),
  }),
  columns: ({ database, text }) => ({
    columns: columnColumns(text),
    rows: database.tables.flatMap((table) => columnRows(table)),
  }),
  masked_columns: ({ database, text }) => ({
    columns: [...columnColumns(text), ['masking_function', text, 'null']],
    rows: database.tables.flatMap((table) =>
      columnRows(table)
        .map((row, index) => ({ ...row, masking_function: table.columns[index]?.maskedWith }))
        .filter((row) => row.masking_function !== undefined),
    ),
  }),
  types: ({ text }) => ({
    columns: [
      ['name', text],
      ['system_type_id', tinyint],
      ['user_type_id', int],
      ['schema_id', int],
      ['is_user_defined', bit],
      ['is_nullable', bit, 'null'],
    ],
    rows: typeIds.map(([id, name]) => ({
      name,
      system_type_id: name === 'sysname' ? 231 : id,
      user_type_id: id,
      schema_id: 4,
      is_user_defined: false,
      is_nullable: name !== 'sysname',
    })),
  }),
  indexes: ({ database, text }) => ({
    columns: [
      ['object_id', int],
      ['name', text, 'null'],
      ['index_id', int],
      ['type', tinyint],
      ['type_desc', text, 'null'],
      ['is_unique', bit, 'null'],
      ['data_space_id', int, 'null'],
      ['is_primary_key', bit, 'null'],
      ['is_unique_constraint', bit, 'null'],
      ['is_disabled', bit, 'null'],
      ['is_hypothetical', bit, 'null'],
      ['has_filter', bit],
      ['filter_definition', { name: 'nvarchar', length: 'max', collation: database.collation }, 'null'],
    ],
    rows: perIndex(database, (table, index) => ({
      object_id: table.objectId,
      name: index.name,
      index_id: index.id,
      type: Math.min(index.id, 2),
      type_desc: ['HEAP', 'CLUSTERED', 'NONCLUSTERED'][Math.min(index.id, 2)],
      is_unique: index.unique,
      data_space_id: 1,
      is_primary_key: index.primaryKey,
      is_unique_constraint: false,
      is_disabled: false,
      is_hypothetical: false,
      has_filter: false,
    })),
  }),
  index_columns: ({ database }) => ({
    columns: [
      ['object_id', int],
      ['index_id', int],
      ['index_column_id', int],
      ['column_id', int],
      ['key_ordinal', tinyint],
      ['partition_ordinal', tinyint],
      ['is_descending_key', bit, 'null'],
      ['is_included_column', bit, 'null'],
    ],
    rows: perIndexColumn(database),
  }),
  partitions: ({ database, touch }) => {
    touch();
    return {
      columns: [
        ['partition_id', bigint],
        ['object_id', int],
        ['index_id', int],
        ['partition_number', int],
        ['hobt_id', bigint],
        ['rows', bigint, 'null'],
      ],
      rows: perIndex(database, (table, index) => ({
        partition_id: partitionId(table, index),
        object_id: table.objectId,
        index_id: index.id,
        partition_number: 1,
        hobt_id: partitionId(table, index),
        rows: { sql: rowCount(database, table) },
      })),
    };
  },
  dm_db_partition_stats: ({ database, touch }) => {
    touch();
    return {
      columns: [
        ['partition_id', bigint, 'null'],
        ['object_id', int],
        ['index_id', int],
        ['partition_number', int],
        ['in_row_data_page_count', bigint, 'null'],
        ['used_page_count', bigint, 'null'],
        ['reserved_page_count', bigint, 'null'],
        ['row_count', bigint, 'null'],
      ],
      rows: perIndex(database, (table, index) => partitionStats(database, table, index)),
    };
  },
  security_policies: ({ database, text }) => ({
    columns: [
      ['name', text],
      ['object_id', int],
      ['schema_id', int],
      ['is_enabled', bit],
      ['is_schema_bound', bit],
    ],
    rows: database.tables
      .filter((table) => table.rowLevelSecurity)
      .map((table) => ({
        name: `${table.name}_policy`,
        object_id: policyId(table),
        schema_id: database.schemaId(table.schema),
        is_enabled: true,
        is_schema_bound: true,
      })),
  }),
  security_predicates: ({ database, text }) => ({
    columns: [
      ['object_id', int],
      ['security_predicate_id', int],
      ['target_object_id', int],
      ['predicate_definition', { name: 'nvarchar', length: 'max', collation: database.collation }, 'null'],
      ['predicate_type', int, 'null'],
      ['predicate_type_desc', text, 'null'],
    ],
    rows: database.tables
      .filter((table) => table.rowLevelSecurity)
      .map((table) => ({
        object_id: policyId(table),
        security_predicate_id: 1,
        target_object_id: table.objectId,
        predicate_definition: '([dbo].[tenant_filter]())',
        predicate_type: 0,
        predicate_type_desc: 'FILTER',
      })),
  }),
};

const partitionId = (table: CatalogTable, index: CatalogIndex): bigint =>
  72_057_594_000_000_000n + BigInt(table.objectId) * 16n + BigInt(index.id);

// A page holds 8,060 bytes of rows; an index's rows are its keys.
function partitionStats(database: Database, table: CatalogTable, index: CatalogIndex): ViewRow {
  const keys =
    index.id <= 1 ? table.columns : table.columns.filter((column) => index.columns.includes(column.name));
  const bytes = keys.reduce((sum, { type }) => sum + Math.min(40, Math.abs(typeFacts(type).maxLength)), 11);
  const pages = { sql: `(${rowCount(database, table)} * ${bytes} + 8059) // 8060` };
  return {
    partition_id: partitionId(table, index),
    object_id: table.objectId,
    index_id: index.id,
    partition_number: 1,
    in_row_data_page_count: pages,
    used_page_count: pages,
    reserved_page_count: pages,
    row_count: { sql: rowCount(database, table) },
  };
}

// A nonclustered index carries the clustering key too, but sys.index_columns lists only what was declared.
const perIndexColumn = (database: Database): readonly ViewRow[] =>
  database.tables.flatMap((table) =>
    indexesOf(table).flatMap((index) =>
      index.columns.map((name, position) => ({
        object_id: table.objectId,
        index_id: index.id,
        index_column_id: position + 1,
        column_id: columnId(table, name),
        key_ordinal: position + 1,
        partition_ordinal: 0,
        is_descending_key: false,
        is_included_column: false,
      })),
    ),
  );

const columnColumns = (text: SqlType): View['columns'] => [
  ['object_id', int],
  ['name', text, 'null'],
  ['column_id', int],
  ['system_type_id', tinyint],
  ['user_type_id', int],
  ['max_length', smallint],
  ['precision', tinyint],
  ['scale', tinyint],
  ['collation_name', text, 'null'],
  ['is_nullable', bit, 'null'],
  ['is_identity', bit],
  ['is_computed', bit],
  ['is_sparse', bit],
  ['is_hidden', bit],
  ['generated_always_type', tinyint, 'null'],
  ['encryption_type', int, 'null'],
  ['encryption_type_desc', text, 'null'],
  ['is_masked', bit],
];

function columnRows(table: CatalogTable): readonly ViewRow[] {
  return table.columns.map((column, index) => {
    const facts = typeFacts(column.type);
    return {
      object_id: table.objectId,
      name: column.name,
      column_id: index + 1,
      system_type_id: facts.systemTypeId,
      user_type_id: facts.systemTypeId,
      max_length: facts.maxLength,
      precision: facts.precision,
      scale: facts.scale,
      collation_name: 'collation' in column.type ? column.type.collation : null,
      is_nullable: column.nullable,
      is_identity: false,
      is_computed: false,
      is_sparse: false,
      is_hidden: false,
      generated_always_type: 0,
      encryption_type: column.encrypted === undefined ? null : column.encrypted === 'deterministic' ? 1 : 2,
      encryption_type_desc: column.encrypted?.toUpperCase(),
      is_masked: column.maskedWith !== undefined,
    };
  });
}

/** The view `sys.<name>` of a database, or undefined where it is not offered. */
export function systemView(name: string, context: ViewContext): View | undefined {
  return (catalogViews[name.toLowerCase()] ?? sessionViews[name.toLowerCase()])?.(context);
}
