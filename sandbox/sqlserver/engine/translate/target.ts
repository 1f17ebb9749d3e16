import type { CatalogTable, Database } from '../catalog/catalog.js';
import type { ColumnDefinition } from '../definition.js';
import { invalidColumn, invalidObject, unknownDatabase } from '../errors.js';
import { identifier, type Node } from '../parse/ast.js';
import type { Env } from './env.js';

/** The table that a statement changes. */
export interface Target {
  readonly database: Database;
  readonly table: CatalogTable;
}

/** The named table, or undefined where there is none. Throws 911. */
export function findTarget(node: Node, env: Env): Target | undefined {
  const catalog = identifier(node, 'catalog');
  const database = catalog ? env.server.database(catalog) : env.database;
  if (!database) throw unknownDatabase(catalog ?? '');
  const table = database.table(identifier(node, 'schema') ?? 'dbo', identifier(node, 'name') ?? '');
  if (table) env.touched.add(database);
  return table && { database, table };
}

/** The named table; throws 208. */
export function targetOf(node: Node, env: Env): Target {
  const found = findTarget(node, env);
  if (!found)
    throw invalidObject([identifier(node, 'schema'), identifier(node, 'name')].filter(Boolean).join('.'));
  return found;
}

/** A column of the table; throws 207. */
export function columnOf({ table }: Target, name: string): ColumnDefinition {
  const found = table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (!found) throw invalidColumn(name);
  return found;
}
