import { permissionDenied } from '../errors.js';
import type { SqlType } from '../types.js';
import type { CatalogTable, Database } from './catalog.js';
import { columnViews } from './column-views.js';
import { indexViews } from './index-views.js';
import { sessionViews } from './session-views.js';
import { allTypes } from './type-facts.js';
import type { MakeView, View, ViewContext, ViewRow } from './view.js';

const int: SqlType = { name: 'int' };
const tinyint: SqlType = { name: 'tinyint' };
const bit: SqlType = { name: 'bit' };
const char2 = (collation: string): SqlType => ({ name: 'char', length: 2, collation });

const created = 1_735_689_600_000_000n;

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
  type: table.viewOf ? 'V ' : 'U ',
  type_desc: table.viewOf ? 'VIEW' : 'USER_TABLE',
  create_date: created,
  modify_date: created,
  is_ms_shipped: false,
});

const isTable = (table: CatalogTable): boolean => table.viewOf === undefined;

/** Docs: "Metadata visibility": without VIEW DEFINITION a policy is not listed, and that is all one sees. */
const visiblePolicies = ({ server, database, login }: ViewContext): readonly CatalogTable[] =>
  server.may(login, 'VIEW DEFINITION') ? database.tables.filter((table) => table.rowLevelSecurity) : [];

const policyId = (table: CatalogTable): number => table.objectId + 7;

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
    rows: database.tables.filter(isTable).map((table) => ({
      ...objectRow(database, table),
      is_memory_optimized: false,
      temporal_type: 0,
      temporal_type_desc: 'NON_TEMPORAL_TABLE',
      is_external: false,
    })),
  }),
  types: ({ database, text }) => ({
    columns: [
      ['name', text],
      ['system_type_id', tinyint],
      ['user_type_id', int],
      ['schema_id', int],
      ['max_length', { name: 'smallint' }],
      ['precision', tinyint],
      ['scale', tinyint],
      ['collation_name', text, 'null'],
      ['is_nullable', bit, 'null'],
      ['is_user_defined', bit],
      ['is_assembly_type', bit],
    ],
    rows: allTypes.map(([name, facts]) => ({
      name,
      system_type_id: facts.systemTypeId,
      user_type_id: facts.userTypeId,
      schema_id: 4,
      max_length: facts.maxLength,
      precision: facts.precision,
      scale: facts.scale,
      collation_name: /char$|text$|^sysname$/.test(name) ? database.collation : null,
      is_nullable: name !== 'sysname' && name !== 'timestamp',
      is_user_defined: false,
      is_assembly_type: facts.systemTypeId === 240,
    })),
  }),
  security_policies: (context) => ({
    columns: [
      ['name', context.text],
      ['object_id', int],
      ['schema_id', int],
      ['is_enabled', bit],
      ['is_schema_bound', bit],
    ],
    rows: visiblePolicies(context).map((table) => ({
      name: `${table.name}_policy`,
      object_id: policyId(table),
      schema_id: context.database.schemaId(table.schema),
      is_enabled: true,
      is_schema_bound: true,
    })),
  }),
  security_predicates: (context) => ({
    columns: [
      ['object_id', int],
      ['security_predicate_id', int],
      ['target_object_id', int],
      [
        'predicate_definition',
        { name: 'nvarchar', length: 'max', collation: context.database.collation },
        'null',
      ],
      ['predicate_type', int, 'null'],
      ['predicate_type_desc', context.text, 'null'],
    ],
    rows: visiblePolicies(context).map((table) => ({
      object_id: policyId(table),
      security_predicate_id: 1,
      target_object_id: table.objectId,
      predicate_definition: '([dbo].[tenant_filter]())',
      predicate_type: 0,
      predicate_type_desc: 'FILTER',
    })),
  }),
};

const views: Readonly<Record<string, MakeView>> = {
  ...catalogViews,
  ...columnViews,
  ...indexViews,
  ...sessionViews,
};

/** The view `sys.<name>` of a database, or undefined where it is not offered. Throws 262 where it wants a permission. */
export function systemView(name: string, context: ViewContext): View | undefined {
  const known = name.toLowerCase();
  if (known === 'dm_db_partition_stats' && !context.server.may(context.login, 'VIEW DATABASE STATE'))
    throw permissionDenied('VIEW DATABASE STATE', context.database.name);
  return views[known]?.(context);
}
