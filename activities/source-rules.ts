import type { RunConfig, SourceDatabase, SourceTable, TargetConfig } from '../config/run-config.js';
import { MigrationError } from '../engine/errors.js';
import { windowGrid } from '../engine/plan/windows.js';
import { quoteTsql } from '../engine/rows/checksum-tsql.js';
import type { SourceCapabilities } from '../engine/sqlserver/capabilities.js';
import type { SourceTableInfo } from '../engine/sqlserver/catalog.js';

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
  if (chunk.allowScans || info.leadingIndexColumns.includes(chunkColumn)) return;
  const bounded = filterBounds.from !== undefined && filterBounds.to !== undefined;
  const windows = bounded
    ? `${windowGrid({ grain: chunk.grain, bounds: filterBounds, nulls: false }).length}`
    : 'all';
  const bytes = info.bytes === undefined ? 'the whole table' : `${(info.bytes / 1e6).toFixed(1)} MB`;
  throw new MigrationError(
    'SOURCE_SCAN',
    `${server}/${database}: no index of ${schema}.${table} leads with ${chunkColumn}, so each of ${windows} windows would scan ` +
      `${bytes} (${windows} x ${bytes}). Either create one (${createIndex(schema, table, chunkColumn)}), or choose in the category ` +
      'file "chunk": { "grain": "month" } for fewer scans and "allowScans": true to accept them, or "by": "none" for one scan.',
  );
}

function createIndex(schema: string, table: string, column: string): string {
  const name = quoteTsql(`IX_${table}_${column}`.slice(0, 128));
  return `CREATE INDEX ${name} ON ${quoteTsql(schema)}.${quoteTsql(table)} (${quoteTsql(column)})`;
}
