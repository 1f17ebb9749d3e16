import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../errors.js';
import { duckdbTypeOf } from '../rows/type-map.js';
import type { DuckDbSession } from './duckdb.js';
import type { TransformSource, WholeRequest } from './engine.js';
import { download } from './part-files.js';
import type { ProgressMeter } from './progress.js';
import type { KnownTable } from './scope.js';
import { requireExported, viewSelect, windowId } from './source-views.js';
import { quoteDuckdb } from './sql-text.js';

/**
 * Makes the source tables of all windows readable by their names, each row with the number of its window (`windowId`).
 * Throws CHECKSUM_EXPORT where parts differ from their manifest, TRANSFORM_INVALID where a table has other columns in
 * another database.
 */
export async function createWholeViews(
  session: DuckDbSession,
  { windows, signal }: Pick<WholeRequest, 'windows' | 'signal'>,
  scratch: string,
  progress: ProgressMeter,
): Promise<readonly KnownTable[]> {
  const [first] = windows;
  const tables = (first?.sources ?? []).map(({ table, manifest }) => ({ table, columns: manifest.columns }));
  for (const [index, { table, columns }] of tables.entries()) {
    const paths: string[] = [];
    for (const [number, { sources }] of windows.entries()) {
      const source = sources[index];
      if (source?.table !== table)
        throw new TypeError('Windows of a whole list the same tables, in one order.');
      requireSameColumns({ table, columns }, source);
      const own = join(scratch, 'raw', String(index), String(number));
      const files = await download(source, own, signal, progress);
      await requireExported(session, source, files);
      paths.push(...(await linkInto(join(scratch, 'view', String(index), `${windowId}=${number}`), files)));
    }
    await session.run(`CREATE TEMP VIEW ${quoteDuckdb(table)} AS ${viewSelect(columns, paths, true)}`);
  }
  return tables;
}

/** DuckDB takes the number of the window out of the path: it costs no join, and no string for each row. */
async function linkInto(directory: string, files: readonly string[]): Promise<readonly string[]> {
  if (files.length > 0) await mkdir(directory, { recursive: true });
  return Promise.all(
    files.map(async (file, index) => {
      const link = join(directory, `${index}.parquet`);
      await symlink(file, link);
      return link;
    }),
  );
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
