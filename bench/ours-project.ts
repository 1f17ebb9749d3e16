import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { foundingTarget } from './founding-join.js';
import type { OursRequest } from './ours.js';
import type { BenchSource } from './source.js';
import { type BenchTable, days, targetType, timeColumn } from './tables.js';
import type { BenchTarget } from './target.js';

/** A directory with configuration, SQL and buckets, as an operator has one. */
export interface OursProject {
  readonly directory: string;
  readonly source: BenchSource;
  readonly environment: Readonly<Record<string, string>>;
}

const alias = 'bench';

/** Makes the directory; its categories are written run by run. */
export function writeProject(directory: string, source: BenchSource, target: BenchTarget): OursProject {
  for (const folder of ['config', 'sql'])
    cpSync(resolve(__dirname, '..', folder), join(directory, folder), { recursive: true });
  const bucket = (name: string): string => {
    const path = join(directory, 'buckets', name);
    mkdirSync(path, { recursive: true });
    return pathToFileURL(path).href;
  };
  const secret = {
    username: source.user,
    password: source.password,
    engine: 'sqlserver',
    host: '*',
    port: '1433',
  };
  return {
    directory,
    source,
    environment: {
      RDS_ENDPOINT: `${target.host}:${target.port}`,
      RDS_USER: target.user,
      RDS_PASSWORD: target.password,
      RDS_DATABASE: target.database,
      RDS_CA_FILE: target.caFile,
      RDS_TLS: target.tls ? 'verify' : 'off',
      RAW_BUCKET: bucket('raw'),
      TRANSFORMED_BUCKET: bucket('transformed'),
      STATS_BUCKET: bucket('stats'),
      SOURCE_SECRET: JSON.stringify(secret),
      MSSQL_CA_FILE: source.caFile,
      CONFIG_DIR: join(directory, 'config'),
      SPILL_DIR: join(directory, 'spill'),
    },
  };
}

/** One for each kind of run, as the stage of another has other windows. */
export function categoryOf({ mode, tables, concurrency, keyed }: OursRequest): string {
  const parts = [
    mode,
    tables[0]?.definition.name,
    concurrency > 1 ? 'by_day' : 'whole',
    ...(keyed ? ['keyed'] : []),
  ];
  return parts.join('_');
}

/** Writes the files of a run's category: what it reads, how it is cut, and where it goes. */
export function writeCategory({ directory, source }: OursProject, request: OursRequest): void {
  const { mode, tables, concurrency, keyed } = request;
  const category = categoryOf(request);
  const write = (file: string, json: object): void =>
    writeFileSync(join(directory, 'config', file), JSON.stringify(json, null, 2));
  const names = tables.map(({ definition }) => definition.name);
  write('server-mappings.json', {
    server_mappings: { [alias]: `${source.host}:${source.port}` },
    databases: [source.database],
    categories: { [category]: names },
  });
  const byDay = concurrency > 1;
  write(`migration-parameters/${category}.json`, {
    log_level: 'WARN',
    ...(byDay && { ...filters(names), partition_col_date: timeColumn }),
  });
  write(`categories/${category}.json`, {
    targets: [
      {
        table: category,
        sources: names.map((table) => ({ table })),
        chunk: byDay ? { by: 'date', grain: 'day' } : { by: 'none' },
        ...(mode === 'join' ? joinTarget() : copyTarget(tables[0] as BenchTable)),
        ...(mode === 'direct' && { path: 'direct' }),
      },
    ],
    // The reader's hash alone, as the tools of the comparison do not read the source twice either.
    sourceChecksum: 'reader',
    concurrency: { perServer: Math.max(concurrency, 2) },
    attention: { wait: 0 },
    finalize: keyed ? { enabled: true, targetSchema: 'mart' } : { enabled: false },
  });
}

function filters(tables: readonly string[]): object {
  const end = new Date(Date.parse(days.first) + days.count * 86_400_000).toISOString().slice(0, 10);
  const filter = `${timeColumn} >= '${days.first}' AND ${timeColumn} < '${end}'`;
  return Object.fromEntries(tables.map((table) => [`source_filter_${table}`, filter]));
}

function joinTarget(): object {
  const { columns, primaryKey } = foundingTarget();
  return { columns, primaryKey, transform: 'sql/transform/cell_perf_stats.sql', joinKeys: 'exact' };
}

function copyTarget({ definition }: BenchTable): object {
  const { columns, primaryKey } = definition;
  return {
    columns: columns.map(({ name, type, nullable }) => ({ name, type: targetType(type), nullable })),
    primaryKey,
  };
}
