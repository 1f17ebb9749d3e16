import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDbSession } from './duckdb.js';
import type { TransformSource, WholeRequest } from './engine.js';
import { download } from './part-files.js';
import type { ProgressMeter } from './progress.js';
import type { KnownTable } from './scope.js';
import { requireExported, viewSelect, windowId } from './source-views.js';
import { quoteDuckdb } from './sql-text.js';
import { tablesOfWhole } from './whole-tables.js';

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
  const tables = tablesOfWhole(windows);
  for (const [index, { table, columns }] of tables.entries()) {
    const paths: string[] = [];
    for (const [number, { sources }] of windows.entries()) {
      const source = sources[index] as TransformSource;
      const own = join(scratch, 'raw', String(index), String(number));
      const files = await download(source, own, signal, progress);
      await session.alone(() => requireExported(session, source, files));
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
