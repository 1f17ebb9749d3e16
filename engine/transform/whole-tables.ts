import { MigrationError } from '../errors.js';
import { duckdbTypeOf } from './duckdb-types.js';
import type { TransformSource, WholeWindow } from './engine.js';
import type { KnownTable } from './scope.js';

/**
 * The source tables of a whole, with the columns that they have in its first window. Throws TRANSFORM_INVALID where a table
 * has other columns in another database.
 */
export function tablesOfWhole(windows: readonly WholeWindow[]): readonly KnownTable[] {
  const [first] = windows;
  const tables = (first?.sources ?? []).map(({ table, manifest }) => ({ table, columns: manifest.columns }));
  for (const [index, known] of tables.entries())
    for (const { sources } of windows) {
      const source = sources[index];
      if (source?.table !== known.table)
        throw new TypeError('Windows of a whole list the same tables, in one order.');
      requireSameColumns(known, source);
    }
  return tables;
}

function requireSameColumns({ table, columns }: KnownTable, { manifest }: TransformSource): void {
  const shape = (list: KnownTable['columns']): string =>
    list.map(({ name, type }) => `${name} ${type.kind} ${duckdbTypeOf(type)}`).join(', ');
  const [one, other] = [shape(columns), shape(manifest.columns)];
  if (one === other) return;
  throw new MigrationError(
    'TRANSFORM_INVALID',
    `${table} has other columns in another database: ${one}; there ${other}. A transform over all databases reads it ` +
      'as one table: give it the same columns in the same order, by views if need be, or set "scope": "database".',
  );
}
