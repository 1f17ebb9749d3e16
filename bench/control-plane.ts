import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BenchEstate, category, startEstate } from './estate.js';
import { histories } from './histories.js';
import { usageOf } from './process-usage.js';
import { megabytes, report, round, setting } from './result.js';

/**
 * `make bench-control`: many empty windows over many servers through the real product. What is left of a chunk
 * without rows is what Temporal, workers, source and target spend on any chunk.
 */
const counts = { servers: setting('SERVERS', 32), databases: setting('DATABASES', 64) };
/** High enough that no chunk waits for a session. */
const perServer = setting('SESSIONS', 8);
const days = Math.ceil(setting('CHUNKS', 10_000) / counts.databases);
const chunks = days * counts.databases;
const from = '2024-01-01';
const sampleMs = 5_000;
/** Of the chunks' histories, which are all alike, one in so many is read. */
const chunkSample = 100;

interface Sample {
  readonly at: number;
  readonly cpu: Readonly<Record<string, number>>;
  readonly workflowWorkerMb: number;
  readonly activityWorkerMb: number;
}

async function main(): Promise<void> {
  const estate = await startEstate(0, counts);
  try {
    report('control', await measure(estate));
  } finally {
    await estate.stop();
  }
}

async function measure(estate: BenchEstate): Promise<object> {
  configure(estate);
  const samples: Sample[] = [sample(estate)];
  const { runId, seconds } = await estate.run('resume', () => {
    if (Date.now() - (samples.at(-1)?.at ?? 0) < sampleMs) return;
    samples.push(sample(estate));
    void printProgress(estate);
  });
  samples.push(sample(estate));
  const copying = await copyingOf(estate, runId);
  if (copying.done !== chunks) throw new Error(`${copying.done} of ${chunks} chunks are done.`);
  const copyingSeconds = (copying.to - copying.from) / 1000;
  const found = await histories(estate.temporal, (type) => (type === 'migrateChunk' ? chunkSample : 1));
  const largest = (key: 'largestEvents' | 'largestPayloadBytes'): number =>
    Math.max(...Object.values(found).map((entry) => entry[key]));
  return {
    ...counts,
    chunks,
    seconds: round(seconds, 1),
    copyingSeconds: round(copyingSeconds, 1),
    chunksPerSecond: round(chunks / copyingSeconds, 1),
    largestHistoryEvents: largest('largestEvents'),
    largestPayloadBytes: largest('largestPayloadBytes'),
    cpuSecondsPer1000Chunks: cpuPer1000(samples, copying),
    memory: memoryOf(samples),
    histories: found,
    reportBytesPerChunk: Math.round((await reportBytes(estate, runId)) / chunks),
    controlTablesBytesPerChunk: Math.round((await controlTablesBytes(estate)) / chunks),
  };
}

function configure(estate: BenchEstate): void {
  const to = new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);
  const filter = `data_timestamp >= '${from}' AND data_timestamp < '${to}'`;
  estate.configure(`migration-parameters/${category}.json`, (json) => ({
    ...json,
    source_filter_cell_performance_data: filter,
    source_filter_ue_statistics_data: filter,
  }));
  estate.configure(`categories/${category}.json`, (json) => ({ ...json, concurrency: { perServer } }));
}

function sample(estate: BenchEstate): Sample {
  const { workflowWorker, activityWorker } = estate.pids;
  return {
    at: Date.now(),
    cpu: estate.cpu(),
    workflowWorkerMb: megabytes(usageOf(workflowWorker)?.rss ?? 0),
    activityWorkerMb: megabytes(usageOf(activityWorker)?.rss ?? 0),
  };
}

async function printProgress({ target }: BenchEstate): Promise<void> {
  const { rows } = await target
    .query<{ state: string; n: number }>(
      'SELECT state, count(*)::int AS n FROM migration_control.chunk GROUP BY state ORDER BY state',
    )
    .catch(() => ({ rows: [] }));
  if (rows.length > 0) console.error(rows.map(({ state, n }) => `${state} ${n}`).join(', '));
}

interface Copying {
  readonly done: number;
  /** Milliseconds since 1970: the first export begins, the last chunk is done. */
  readonly from: number;
  readonly to: number;
}

async function copyingOf({ target }: BenchEstate, runId: string): Promise<Copying> {
  const { rows } = await target.query<Copying>(
    `SELECT count(*)::int AS done, (extract(epoch FROM min(started_at)) * 1000)::float8 AS "from",
            (extract(epoch FROM max(updated_at)) * 1000)::float8 AS "to"
       FROM migration_control.chunk WHERE run_id = $1 AND state = 'DONE'`,
    [runId],
  );
  return rows[0] ?? { done: 0, from: 0, to: 0 };
}

async function reportBytes({ target }: BenchEstate, runId: string): Promise<number> {
  const { rows } = await target.query<{ report: string }>(
    'SELECT report FROM migration_control.run WHERE run_id = $1',
    [runId],
  );
  return statSync(fileURLToPath(rows[0]?.report ?? '')).size;
}

/** With their indexes. */
async function controlTablesBytes({ target }: BenchEstate): Promise<number> {
  const { rows } = await target.query<{ bytes: number }>(
    `SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class
      WHERE relnamespace = 'migration_control'::regnamespace AND relkind = 'r'`,
  );
  return rows[0]?.bytes ?? 0;
}

/** By process and in all, over the copying phase. */
function cpuPer1000(samples: readonly Sample[], { from, to }: Copying): Readonly<Record<string, number>> {
  const names = Object.keys(samples[0]?.cpu ?? {});
  const spent = names.map((name) => cpuAt(samples, name, to) - cpuAt(samples, name, from));
  const all = spent.reduce((sum, seconds) => sum + seconds, 0);
  const each = (seconds: number): number => round((seconds * 1000) / chunks, 1);
  return Object.fromEntries([...names.map((name, at) => [name, each(spent[at] ?? 0)]), ['all', each(all)]]);
}

/** A process's CPU seconds at an instant, between the two samples around it. */
function cpuAt(samples: readonly Sample[], name: string, at: number): number {
  const next = samples.findIndex((entry) => entry.at >= at);
  const after = samples[next === -1 ? samples.length - 1 : next];
  const before = samples[Math.max(0, (next === -1 ? samples.length : next) - 1)];
  const [low, high] = [before?.cpu[name] ?? 0, after?.cpu[name] ?? 0];
  if (before === undefined || after === undefined || after.at === before.at) return high;
  return low + (high - low) * Math.min(1, Math.max(0, (at - before.at) / (after.at - before.at)));
}

/** Resident memory: flat over the second half, whatever the run's length. */
function memoryOf(samples: readonly Sample[]): object {
  const worker = (key: 'workflowWorkerMb' | 'activityWorkerMb'): object => {
    const all = samples.map((entry) => entry[key]);
    const tenth = Math.max(1, Math.round(all.length / 10));
    const half = Math.floor(all.length / 2);
    const atHalfMb = mean(all.slice(half, half + tenth));
    const atEndMb = mean(all.slice(-tenth));
    return {
      peakMb: Math.max(...all),
      atHalfMb,
      atEndMb,
      grownInSecondHalfMb: atEndMb - atHalfMb,
      overTheRunMb: all.filter((_, index) => index % Math.ceil(all.length / 12) === 0),
    };
  };
  return { workflowWorker: worker('workflowWorkerMb'), activityWorker: worker('activityWorkerMb') };
}

function mean(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
