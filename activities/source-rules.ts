import type { RunConfig, SourceDatabase, SourceTable, TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { windowGrid } from '../engine/plan/windows.js';
import { quoteTsql } from '../engine/rows/checksum-tsql.js';
import type { SourceCapabilities } from '../engine/sqlserver/capabilities.js';
import type { SourceTableInfo } from '../engine/sqlserver/catalog.js';
import { keyOrder } from '../engine/sqlserver/key-bound.js';

/** Throws SOURCE_SNAPSHOT where the database cannot give the consistency that the category chose. */
export function requireConsistency(
  { snapshotAllowed, rcsi }: SourceCapabilities,
  consistency: RunConfig['consistency'],
  { server, database }: SourceDatabase,
): void {
  if (consistency === 'snapshot' && !snapshotAllowed)
    throw new MigrationError(
      'SOURCE_SNAPSHOT',
      `${server}/${database}: SNAPSHOT isolation is off, and "consistency" is "snapshot". Either run ` +
        `ALTER DATABASE ${quoteTsql(database)} SET ALLOW_SNAPSHOT_ISOLATION ON, or choose in the category file: "rcsi" (one statement per ` +
        'table; needs READ_COMMITTED_SNAPSHOT) or "quiesced" (nobody writes while the category runs).',
    );
  if (consistency === 'rcsi' && !rcsi)
    throw new MigrationError(
      'SOURCE_SNAPSHOT',
      `${server}/${database}: READ_COMMITTED_SNAPSHOT is off, and "consistency" is "rcsi". Either run ` +
        `ALTER DATABASE ${quoteTsql(database)} SET READ_COMMITTED_SNAPSHOT ON, or choose "snapshot" or "quiesced" in the category file.`,
    );
}

/**
 * Throws SOURCE_SCAN, with what it would cost, where a window is no range seek: the founding tables' keys lead
 * with cell_id, and every day would read the whole table.
 */
export function requireSeek(
  info: SourceTableInfo,
  { schema, table, chunkColumn = '', filterBounds }: SourceTable,
  chunk: TargetConfig['chunk'],
  { server, database }: SourceDatabase,
): void {
  if (chunk.allowScans || chunk.onePass || info.leadingIndexColumns.includes(chunkColumn)) return;
  const windows = windowsOf(chunk, info, filterBounds);
  const bytes = info.bytes === undefined ? 'the whole table' : `${(info.bytes / 1e6).toFixed(1)} MB`;
  const fewer = chunk.by === 'key' ? 'more "rows"' : '"grain": "month"';
  throw new MigrationError(
    'SOURCE_SCAN',
    `${server}/${database}: no index of ${schema}.${table} leads with ${chunkColumn}, so each of ${windows} windows would scan ` +
      `${bytes} (${windows} x ${bytes}). Either create one (${createIndex(schema, table, chunkColumn)}), or choose in the category ` +
      `file "chunk": { ${chunk.by === 'date' ? '"by": "key" with a column that an index leads with, ' : ''}${fewer} for fewer scans and "allowScans": true to accept them, or "by": "none" for one scan.` +
      (chunk.by === 'date'
        ? ' "onePass": true reads the table once for all windows, where nobody writes to it.'
        : ''),
  );
}

/** How many windows there will be, or `all`. */
function windowsOf(
  { by, grain, rows: limit }: TargetConfig['chunk'],
  { rows }: SourceTableInfo,
  bounds: SourceTable['filterBounds'],
): string {
  if (by === 'key') return rows === undefined ? 'all' : `${Math.max(1, Math.ceil(rows / limit))}`;
  const bounded = bounds.from !== undefined && bounds.to !== undefined;
  return bounded ? `${windowGrid({ grain, bounds, nulls: false }).length}` : 'all';
}

/**
 * Throws SOURCE_TYPE where one range of keys would mean other rows in one table than in another, or where the join
 * takes keys for equal that the source does not, and whose rows may so lie in two windows.
 */
export function requireAlignedKeys(
  tables: readonly SourceTableInfo[],
  { chunk, sources, joinKeys }: TargetConfig,
  { server, database }: SourceDatabase,
): void {
  if (chunk.by !== 'key') return;
  const keys = tables.flatMap(({ schema, table, columns }, index) =>
    columns
      .filter(({ name }) => name === sources[index]?.chunkColumn)
      .map((column) => ({ place: `${schema}.${table}.${column.name}`, column, order: keyOrder(column) })),
  );
  const [first] = keys;
  if (first === undefined) return;
  const other = keys.find(({ order }) => order !== first.order);
  if (other !== undefined)
    throw new MigrationError(
      'SOURCE_TYPE',
      `${server}/${database}: ${first.place} is ordered as ${first.order} and ${other.place} as ${other.order}, so a range ` +
        'of keys would not hold the same ones in both. Choose key columns of one type and collation, or "chunk": { "by": "date" }.',
    );
  if (joinKeys === 'casefold_rtrim' && keys.length > 1 && !/_CI_/.test(first.column.collation ?? '_CI_'))
    throw new MigrationError(
      'SOURCE_TYPE',
      `${server}/${database}: ${first.place} is case-sensitive (${first.column.collation}), and "joinKeys": "casefold_rtrim" ` +
        'joins keys that differ in case, which may lie in different windows. Choose "exact", or "chunk": { "by": "date" }.',
    );
}

function createIndex(schema: string, table: string, column: string): string {
  const name = quoteTsql(`IX_${table}_${column}`.slice(0, 128));
  return `CREATE INDEX ${name} ON ${quoteTsql(schema)}.${quoteTsql(table)} (${quoteTsql(column)})`;
}
