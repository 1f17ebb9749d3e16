import { MigrationError } from '../errors.js';
import { describeDifference, equalChecksums } from '../validation/set-checksum.js';
import type { DuckDbSession } from './duckdb.js';
import { duckdbTypeOf } from './duckdb-types.js';
import type { TransformSource } from './engine.js';
import { checksumOfParquet } from './parquet-file.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

/** A column that every source view has besides its own: names one row of one part file. */
export const rowId = 'migrate:row';

/** A column that views over many windows have: the number of the window. Names a directory too, with no encoding. */
export const windowId = 'migrate~window';

/**
 * Makes a source table readable by its name in this session, and proves that its parts are those that were
 * exported. `paths` are the parts' local files; none give an empty view of the right types.
 * Throws CHECKSUM_EXPORT where the parts differ from their manifest.
 */
export async function createSourceView(
  session: DuckDbSession,
  source: TransformSource,
  paths: readonly string[],
): Promise<void> {
  await requireExported(session, source, paths);
  const { table, manifest } = source;
  await session.run(
    `CREATE OR REPLACE TEMP VIEW ${quoteDuckdb(table)} AS ${viewSelect(manifest.columns, paths)}`,
  );
}

/** Proves that local files are the parts that were exported. Throws CHECKSUM_EXPORT where they are not. */
export async function requireExported(
  session: DuckDbSession,
  { table, manifest }: TransformSource,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  const found = await checksumOfParquet(session, paths, manifest.columns).catch((error: unknown) => {
    throw unreadable(table, error);
  });
  if (equalChecksums(manifest.checksum, found)) return;
  const difference = describeDifference(manifest.checksum, found, ['the manifest', 'its raw parts']);
  throw new MigrationError('CHECKSUM_EXPORT', `Raw ${table}: ${difference}. Restart this window.`);
}

/** Before any SQL of the transform has run, only the parts themselves can have failed. */
function unreadable(table: string, error: unknown): unknown {
  if (!(error instanceof MigrationError) || error.code !== 'TRANSFORM_FAILED') return error;
  return new MigrationError(
    'CHECKSUM_EXPORT',
    `Raw ${table}: its parts cannot be read as the Parquet files that were exported. Restart this window.`,
    { cause: error },
  );
}

/** The files' rows in the columns' types, with `rowId`; with `windowId` too where the paths tell the window. */
export function viewSelect(
  columns: TransformSource['manifest']['columns'],
  paths: readonly string[],
  windows = false,
): string {
  const cast = (value: string, { name, type }: (typeof columns)[number]) =>
    `CAST(${value} AS ${duckdbTypeOf(type)}) AS ${quoteDuckdb(name)}`;
  if (paths.length === 0) {
    const nulls = columns.map((column) => cast('NULL', column));
    const window = windows ? `, CAST(NULL AS INTEGER) AS ${quoteDuckdb(windowId)}` : '';
    return `SELECT ${nulls.join(', ')}, CAST(NULL AS VARCHAR) AS ${quoteDuckdb(rowId)}${window} WHERE false`;
  }
  const values = columns.map((column) => cast(quoteDuckdb(column.name), column));
  const files = `[${paths.map(duckdbLiteral).join(', ')}]`;
  const hive = `, hive_partitioning = true, hive_types = {${duckdbLiteral(windowId)}: INTEGER}`;
  return (
    `SELECT ${values.join(', ')}, concat_ws(':', file_row_number, filename) AS ${quoteDuckdb(rowId)}` +
    `${windows ? `, ${quoteDuckdb(windowId)}` : ''} ` +
    `FROM read_parquet(${files}, filename = true, file_row_number = true${windows ? hive : ''})`
  );
}
