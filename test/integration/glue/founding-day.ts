import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FailedJobResult } from '../../../engine/glue/job-request.js';
import { parsePgType } from '../../../engine/rows/pg-types.js';
import type { SourcePredicate } from '../../../engine/sqlserver/predicate.js';
import type { TransformOutcome, TransformTarget } from '../../../engine/transform/engine.js';
import { type BothEngines, made, type Raw, said } from './both-engines.js';

const root = join(__dirname, '../../..');
const tables = ['cell_performance_data', 'ue_statistics_data'] as const;

/** A founding database's days: exported by each engine, and transformed by each from what each has exported. */
export function describeFoundingDay(engines: () => BothEngines, database: string, sourceType: string): void {
  const chunkColumn = { name: 'data_timestamp', sourceType };
  const window: SourcePredicate = { chunkColumn, from: '2025-01-02', to: '2025-01-03' };
  const embedded: Record<string, Raw[string]> = {};
  const spark: Record<string, Raw[string]> = {};

  it.each(tables)(
    'gives the same checksums at the source and in raw by either engine (%s)',
    async (table) => {
      embedded[table] = await engines().embeddedExport(database, table, window);
      spark[table] = made(await engines().sparkExport(database, table, window));
      expect(embedded[table].rows).toBeGreaterThan(30);
      expect(said(spark[table])).toEqual(said(embedded[table]));
      expect(spark[table].source?.method).toBe('server');
    },
  );

  it('gives the same rows and checksums by either transform over either export', async () => {
    const outcomes = [
      await engines().embeddedTransform(foundingTarget, embedded, 'exact'),
      await engines().embeddedTransform(foundingTarget, spark, 'exact'),
      await engines().sparkTransform(foundingTarget, embedded, 'exact'),
      await engines().sparkTransform(foundingTarget, spark, 'exact'),
    ];
    const [first, ...others] = outcomes.map((outcome) => comparable(outcome));
    expect(first?.checksum.rows).toBe(embedded.cell_performance_data?.rows);
    for (const other of others) expect(other).toEqual(first);
  });

  it('gives the same rows and checksums in each of two windows that either transform joins at once', async () => {
    const nextDay = { ...window, from: '2025-01-03', to: '2025-01-04' };
    const next: Record<string, Raw[string]> = {};
    for (const table of tables) next[table] = await engines().embeddedExport(database, table, nextDay);
    const windows = [spark, next];
    const byEmbedded = await engines().embeddedWhole(foundingTarget, windows, 'exact');
    const bySpark = await engines().sparkWhole(foundingTarget, windows, 'exact');
    if ('code' in bySpark) throw new Error(`${bySpark.code}: ${bySpark.message}`);
    expect(byEmbedded.map(({ rows }) => rows > 30)).toEqual([true, true]);
    expect(bySpark.map(comparable)).toEqual(byEmbedded.map(comparable));
  });
}

/** What both engines say alike: they hash the columns of a hop each in its own way, but count the same rows. */
export function comparable(outcome: TransformOutcome | FailedJobResult) {
  if ('code' in outcome) throw new Error(`${outcome.code}: ${outcome.message}`);
  const { checksum, left, rights, unmatchedLeft, joinMismatches, parts } = outcome;
  const hops = [left, ...rights].map(({ table, alias, columns, expected, actual }) => {
    expect(actual).toEqual(expected);
    return { table, alias, columns, rows: actual.rows };
  });
  expect(parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(checksum.rows);
  return { checksum, hops, unmatchedLeft, joinMismatches };
}

const category = JSON.parse(readFileSync(join(root, 'config/categories/cell_perf_stats.json'), 'utf8'));
const foundingTarget: TransformTarget = {
  name: 'cell_perf_stats',
  columns: category.targets[0].columns.map(
    ({ name, type, nullable = true }: { name: string; type: string; nullable?: boolean }) => ({
      ...{ name, nullable, type: parsePgType(type) },
    }),
  ),
  sources: tables.map((table) => ({ table, chunkColumn: 'data_timestamp' })),
  chunk: { by: 'date' },
  transform: {
    file: 'cell_perf_stats.sql',
    sql: readFileSync(join(root, 'sql/transform/cell_perf_stats.sql'), 'utf8'),
  },
};
