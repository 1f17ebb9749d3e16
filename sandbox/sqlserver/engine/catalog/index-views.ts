import { quoteName } from '../quoting.js';
import type { SqlType } from '../types.js';
import type { CatalogTable, Database } from './catalog.js';
import { typeFacts } from './type-facts.js';
import type { MakeView, ViewCell, ViewRow } from './view.js';

const int: SqlType = { name: 'int' };
const tinyint: SqlType = { name: 'tinyint' };
const bigint: SqlType = { name: 'bigint' };
const bit: SqlType = { name: 'bit' };

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

// Indexed views are not offered.
const indexed = (database: Database): readonly CatalogTable[] =>
  database.tables.filter((table) => table.viewOf === undefined);

const perIndex = (
  database: Database,
  row: (table: CatalogTable, index: CatalogIndex) => ViewRow,
): readonly ViewRow[] =>
  indexed(database).flatMap((table) => indexesOf(table).map((index) => row(table, index)));

const rowCount = (database: Database, table: CatalogTable): string =>
  `(SELECT count(*) FROM ${[database.name, table.schema, table.name].map(quoteName).join('.')})`;

const partitionId = (table: CatalogTable, index: CatalogIndex): bigint =>
  72_057_594_000_000_000n + BigInt(table.objectId) * 16n + BigInt(index.id);

// A page holds 8,060 bytes of rows; an index's rows are its keys.
function pages(database: Database, table: CatalogTable, index: CatalogIndex): ViewCell {
  const keys =
    index.id <= 1 ? table.columns : table.columns.filter((column) => index.columns.includes(column.name));
  const bytes = keys.reduce((sum, { type }) => sum + Math.min(40, Math.abs(typeFacts(type).maxLength)), 11);
  return { sql: `(${rowCount(database, table)} * ${bytes} + 8059) // 8060` };
}

function partitionStats(database: Database, table: CatalogTable, index: CatalogIndex): ViewRow {
  const count = pages(database, table, index);
  return {
    partition_id: partitionId(table, index),
    object_id: table.objectId,
    index_id: index.id,
    partition_number: 1,
    in_row_data_page_count: count,
    used_page_count: count,
    reserved_page_count: count,
    row_count: { sql: rowCount(database, table) },
  };
}

// A nonclustered index carries the clustering key too, but sys.index_columns lists only what was declared.
const perIndexColumn = (database: Database): readonly ViewRow[] =>
  indexed(database).flatMap((table) =>
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

/** Views of indexes and of how many rows and pages each has. */
export const indexViews: Readonly<Record<string, MakeView>> = {
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
  partitions: ({ database }) => ({
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
  }),
  dm_db_partition_stats: ({ database }) => ({
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
  }),
  allocation_units: ({ database, text }) => ({
    columns: [
      ['allocation_unit_id', bigint],
      ['type', tinyint],
      ['type_desc', text, 'null'],
      ['container_id', bigint],
      ['data_space_id', int, 'null'],
      ['total_pages', bigint],
      ['used_pages', bigint],
      ['data_pages', bigint],
    ],
    rows: perIndex(database, (table, index) => ({
      allocation_unit_id: partitionId(table, index),
      type: 1,
      type_desc: 'IN_ROW_DATA',
      container_id: partitionId(table, index),
      data_space_id: 1,
      total_pages: pages(database, table, index),
      used_pages: pages(database, table, index),
      data_pages: pages(database, table, index),
    })),
  }),
};
