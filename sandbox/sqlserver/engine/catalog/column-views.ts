import type { SqlType } from '../types.js';
import type { CatalogTable } from './catalog.js';
import { typeFacts } from './type-facts.js';
import type { MakeView, View, ViewRow } from './view.js';

const int: SqlType = { name: 'int' };
const tinyint: SqlType = { name: 'tinyint' };
const smallint: SqlType = { name: 'smallint' };
const bit: SqlType = { name: 'bit' };

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
      user_type_id: facts.userTypeId,
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

/** sys.columns and those of them that are masked. */
export const columnViews: Readonly<Record<string, MakeView>> = {
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
};
