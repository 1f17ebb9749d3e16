import type { SqlType } from '../types.js';
import type { CatalogTable } from './catalog.js';
import type { View, ViewContext, ViewRow } from './view.js';

const int: SqlType = { name: 'int' };

/**
 * sys.dm_sql_referenced_entities(name, 'OBJECT') of a view: a row for each object that it names and one for each
 * column of it. Docs: `referenced_id` of what is in another database is not resolved here; minor id 0 is the object.
 */
export function referencedEntities(
  entity: CatalogTable | undefined,
  { server, database, text }: ViewContext,
): View {
  const rows = (entity?.viewOf ?? []).flatMap((reference): readonly ViewRow[] => {
    const home = reference.database === undefined ? database : server.database(reference.database);
    const table = home?.table(reference.schema, reference.table);
    const base: ViewRow = {
      referenced_server_name: null,
      referenced_database_name: reference.database,
      referenced_schema_name: reference.schema,
      referenced_entity_name: reference.table,
      referenced_id: table?.objectId,
      referenced_minor_id: 0,
      referenced_class: 1,
    };
    const columns = reference.columns.map((name) => ({
      ...base,
      referenced_minor_name: name,
      referenced_minor_id: 1 + (table?.columns.findIndex((column) => column.name === name) ?? -1),
    }));
    return [base, ...columns];
  });
  return {
    columns: [
      ['referenced_server_name', text, 'null'],
      ['referenced_database_name', text, 'null'],
      ['referenced_schema_name', text, 'null'],
      ['referenced_entity_name', text, 'null'],
      ['referenced_minor_name', text, 'null'],
      ['referenced_id', int, 'null'],
      ['referenced_minor_id', int],
      ['referenced_class', { name: 'tinyint' }, 'null'],
    ],
    rows,
  };
}
