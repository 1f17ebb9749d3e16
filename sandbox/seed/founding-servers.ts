import type { DatabaseDefinition, ServerDefinition } from '../sqlserver/engine/definition.js';
import { cellPerformanceData, type TableStyle, ueStatisticsData } from './founding-tables.js';

export interface DatabaseStyle extends TableStyle {
  readonly name: string;
  /** ALLOW_SNAPSHOT_ISOLATION, default true. */
  readonly snapshotIsolation?: boolean;
  /** READ_COMMITTED_SNAPSHOT, default false. */
  readonly readCommittedSnapshot?: boolean;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** A database with the two founding tables in the given style. */
export function foundingDatabase(style: DatabaseStyle): DatabaseDefinition {
  return {
    name: style.name,
    collation: 'Latin1_General_CI_AS',
    snapshotIsolation: style.snapshotIsolation ?? true,
    readCommittedSnapshot: style.readCommittedSnapshot ?? false,
    tables: [cellPerformanceData(style), ueStatisticsData(style)],
  };
}

/**
 * The founding input: two servers with two databases each, all in different styles; the last one's tables are
 * empty. Tests take these styles and change what they are about.
 */
export function foundingStyles(
  rows: number,
): Readonly<Record<'server01' | 'server02', readonly DatabaseStyle[]>> {
  return {
    server01: [
      { name: 'DatabaseA', idPrefix: 's1A', rows, text: 'varchar', time: 'datetime2' },
      { name: 'DatabaseB', idPrefix: 's1B', rows, text: 'nvarchar', time: 'datetime' },
    ],
    server02: [
      { name: 'DatabaseA', idPrefix: 's2A', rows, text: 'varchar', time: 'datetime' },
      { name: 'DatabaseB', idPrefix: 's2B', rows: 0, text: 'nvarchar', time: 'datetime2' },
    ],
  };
}

/** One of the two founding servers, ready for `createEngine`. `storage` as in ServerDefinition. */
export function foundingServer(
  name: 'server01' | 'server02',
  options: { readonly rows: number; readonly login: Login; readonly storage?: string },
): ServerDefinition {
  return {
    name,
    logins: [options.login],
    databases: foundingStyles(options.rows)[name].map(foundingDatabase),
    ...(options.storage ? { storage: options.storage } : {}),
  };
}
