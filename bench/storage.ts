import { join } from 'node:path';
import type { Client } from 'pg';
import { startSeaweedFs } from '../sandbox/services/seaweedfs.js';
import type { Figures } from './measure.js';
import { type Ours, type OursRequest, startOurs } from './ours.js';
import { startPlace } from './place.js';
import { keep, machine, numbers, round, setting } from './result.js';
import { median } from './summary.js';
import { cellTable } from './tables.js';
import { settle } from './target.js';

/**
 * `make bench-storage`: the founding table through parts on s3:// (SeaweedFS on this machine, without TLS) and on
 * file://, by turns, at several sizes (BENCH_SIZES, 250,000 to 2,000,000 rows; BENCH_RUNS of each, 3): how long exports
 * and imports take on one as a ratio to the other, and whether memory grows with the rows. One chunk holds all rows.
 */
const sizes = numbers('BENCH_SIZES', [250_000, 1_000_000, 2_000_000]);
const times = setting('BENCH_RUNS', 3);
const stores = ['file', 's3'] as const;
const steps = ['export', 'import'] as const;

interface StoreRun extends Figures {
  readonly rows: number;
  readonly store: (typeof stores)[number];
  /** Seconds of each step. */
  readonly export: number;
  readonly import: number;
}

async function main(): Promise<void> {
  const runs: StoreRun[] = [];
  for (const rows of sizes) {
    runs.push(...(await measureSize(rows)));
    keep('storage.json', { benchmark: 'storage', machine: machine(), sizes: summary(runs), runs });
  }
  console.table(
    summary(runs).map(({ rows, ratio, peakMb }) => ({ rows, ...ratio, ...prefixed('MB', peakMb) })),
  );
}

async function measureSize(rows: number): Promise<readonly StoreRun[]> {
  const table = cellTable(rows);
  const place = await startPlace([table], true);
  const started: (() => Promise<void>)[] = [() => place.close()];
  try {
    const seaweed = await startSeaweedFs({
      directory: join(place.directory, 's3'),
      owner: { accessKeyId: 'bench', secretAccessKey: 'bench-for-nobody' },
      buckets: ['raw', 'transformed', 'stats'],
    });
    started.push(() => seaweed.stop());
    const s3 = {
      ...seaweed.environment,
      RAW_BUCKET: 's3://raw',
      TRANSFORMED_BUCKET: 's3://transformed',
      STATS_BUCKET: 's3://stats',
    };
    const workers = {} as Record<StoreRun['store'], Ours>;
    for (const store of stores) {
      const directory = join(place.directory, `ours-${store}`);
      workers[store] = await startOurs(directory, place.source, place.target, store === 's3' ? s3 : {});
      started.push(() => workers[store].close());
    }
    const request: OursRequest = {
      ...{ mode: 'staged', tables: [table], concurrency: 1, checksums: true, keyed: false },
    };
    const runs: StoreRun[] = [];
    // The first of each is not counted: it warms the worker, and the source keeps what it sent.
    for (let run = 0; run <= times; run += 1) {
      for (const store of stores) {
        const { table: loaded, ...figures } = await workers[store].run(request, () => settle(place.admin));
        await requireRows(place.admin, loaded, rows);
        const found: StoreRun = { rows, store, ...figures, ...(await stepSeconds(place.admin)) };
        console.error(`${run}/${times}  ${rows} rows / ${store}: ${round(figures.seconds)} s`);
        if (run > 0) runs.push(found);
      }
    }
    return runs;
  } finally {
    for (const end of started.reverse()) await end();
  }
}

async function requireRows(admin: Client, table: string, rows: number): Promise<void> {
  const { rows: counted } = await admin.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
  if (Number(counted[0]?.count) !== rows)
    throw new Error(`${table} holds ${counted[0]?.count} of ${rows} rows.`);
}

/** Of the run that began last. */
async function stepSeconds(admin: Client): Promise<Pick<StoreRun, 'export' | 'import'>> {
  const { rows } = await admin.query<{ step: string; seconds: number }>(
    `SELECT step, sum(seconds)::float8 AS seconds FROM migration_control.step
      WHERE run_id = (SELECT run_id FROM migration_control.run ORDER BY started_at DESC LIMIT 1)
      GROUP BY step`,
  );
  const of = (name: string): number => rows.find(({ step }) => step === name)?.seconds ?? Number.NaN;
  return { export: of('export'), import: of('import') };
}

/** Medians by size and store, and what s3:// takes for each second of file://. */
function summary(runs: readonly StoreRun[]) {
  return [...new Set(runs.map(({ rows }) => rows))].map((rows) => {
    const figure = (store: StoreRun['store'], name: keyof Figures | (typeof steps)[number]): number =>
      median(runs.filter((run) => run.rows === rows && run.store === store).map((run) => run[name]));
    const each = <T>(value: (store: StoreRun['store']) => T) => ({ file: value('file'), s3: value('s3') });
    const seconds = (store: StoreRun['store']) => ({
      export: round(figure(store, 'export')),
      import: round(figure(store, 'import')),
      whole: round(figure(store, 'seconds')),
      cpu: round(figure(store, 'cpuSeconds')),
    });
    const ratio = (name: 'export' | 'import' | 'seconds' | 'cpuSeconds'): number =>
      round(figure('s3', name) / figure('file', name));
    return {
      rows,
      seconds: each(seconds),
      rowsPerSecond: each((store) => ({
        export: Math.round(rows / figure(store, 'export')),
        import: Math.round(rows / figure(store, 'import')),
      })),
      ratio: {
        export: ratio('export'),
        import: ratio('import'),
        whole: ratio('seconds'),
        cpu: ratio('cpuSeconds'),
      },
      peakMb: each((store) => figure(store, 'rssMb')),
    };
  });
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix} ${name}`, value]));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
