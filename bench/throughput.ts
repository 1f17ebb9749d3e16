import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchEstate, category, startEstate } from './estate.js';
import { type Usage, usageOf } from './process-usage.js';
import { megabytes, report, round, setting, spent } from './result.js';

/**
 * `make bench-steps`: the founding case at ROWS rows a source table, on one database, through the real product. Run twice:
 * at the configured concurrency for the rate, and one chunk at a time, where steps never overlap and so the worker's
 * CPU and memory can be told apart by step.
 */
const rows = setting('ROWS', 1_000_000);
const steps = ['export', 'transform', 'import', 'checksum'] as const;

async function main(): Promise<void> {
  const estate = await startEstate(rows);
  try {
    await settled(estate);
    const asConfigured = await measure(estate, false);
    estate.configure(`categories/${category}.json`, (json) => ({ ...json, concurrency: { perServer: 1 } }));
    const oneByOne = await measure(estate, true);
    report('throughput', { rowsPerSourceTable: rows, asConfigured, oneByOne });
  } finally {
    await estate.stop();
  }
}

/** The source may still be filling its other databases: measuring begins when it is idle. */
async function settled(estate: BenchEstate): Promise<void> {
  for (let before = -1; ; ) {
    const now = estate.cpu().sqlserver ?? 0;
    if (now - before < 0.1) return;
    before = now;
    await sleep(1_000);
  }
}

interface Sample extends Usage {
  readonly at: number;
}

async function measure(estate: BenchEstate, alone: boolean): Promise<object> {
  const { activityWorker, workflowWorker } = estate.pids;
  const samples: Sample[] = [];
  const before = estate.cpu();
  const { runId, seconds } = await estate.run('restart', () => {
    const usage = usageOf(activityWorker);
    if (usage !== undefined) samples.push({ ...usage, at: Date.now() });
  });
  const intervals = await intervalsOf(estate, runId);
  const sourceRows = intervals.filter(({ step }) => step === 'export').reduce((sum, s) => sum + s.rows, 0);
  const copied = intervals.filter(({ step }) => step !== 'finalize');
  const copying = Math.max(...copied.map((s) => s.to)) - Math.min(...copied.map((s) => s.from));
  return {
    sourceRows,
    seconds: round(seconds, 1),
    sourceRowsPerSecond: Math.round(sourceRows / seconds),
    copySeconds: round(copying / 1000, 1),
    sourceRowsPerSecondOfCopying: Math.round((sourceRows * 1000) / copying),
    cpuSeconds: spent(before, estate.cpu()),
    peakActivityWorkerMb: megabytes(usageOf(activityWorker)?.peakRss ?? 0),
    peakWorkflowWorkerMb: megabytes(usageOf(workflowWorker)?.peakRss ?? 0),
    steps: Object.fromEntries(
      [...steps, 'finalize'].map((name) => [
        name,
        stepFigures(
          intervals.filter(({ step }) => step === name),
          alone ? samples : undefined,
        ),
      ]),
    ),
  };
}

interface Interval {
  readonly step: string;
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds since 1970, of the same machine's clock as the samples. */
  readonly from: number;
  readonly to: number;
}

async function intervalsOf({ target }: BenchEstate, runId: string): Promise<readonly Interval[]> {
  const { rows: found } = await target.query<Interval>(
    `SELECT step, rows::float8 AS rows, bytes::float8 AS bytes,
            (extract(epoch FROM finished_at) - seconds)::float8 * 1000 AS from,
            extract(epoch FROM finished_at)::float8 * 1000 AS to
       FROM migration_control.step WHERE run_id = $1 AND NOT reused
      UNION ALL
     SELECT 'finalize', rows::float8, 0, (extract(epoch FROM finished_at) - seconds)::float8 * 1000,
            extract(epoch FROM finished_at)::float8 * 1000
       FROM migration_control.target WHERE run_id = $1`,
    [runId],
  );
  return found;
}

/** Figures of a step over all chunks; with samples, what the activity worker used while a chunk was in the step. */
function stepFigures(intervals: readonly Interval[], samples?: readonly Sample[]): object {
  const sum = (value: (interval: Interval) => number): number =>
    intervals.reduce((all, interval) => all + value(interval), 0);
  const seconds = sum(({ from, to }) => (to - from) / 1000);
  const stepRows = sum((interval) => interval.rows);
  const figures = {
    rows: stepRows,
    megabytes: megabytes(sum(({ bytes }) => bytes)),
    secondsOfAllChunks: round(seconds),
    rowsPerSecondOfOneChunk: Math.round(stepRows / seconds),
  };
  if (samples === undefined) return figures;
  const cpu = sum(({ from, to }) => cpuAt(samples, to) - cpuAt(samples, from));
  const resident = samples.filter(({ at }) => intervals.some(({ from, to }) => from <= at && at <= to));
  return {
    ...figures,
    workerCpuSecondsPerMillionRows: round((cpu / stepRows) * 1_000_000),
    peakRssMb: megabytes(resident.reduce((peak, { rss }) => Math.max(peak, rss), 0)),
  };
}

/** The worker's CPU seconds at an instant, between the two samples around it. */
function cpuAt(samples: readonly Sample[], at: number): number {
  const next = samples.findIndex((sample) => sample.at >= at);
  const after = samples[next === -1 ? samples.length - 1 : next];
  const before = samples[Math.max(0, (next === -1 ? samples.length : next) - 1)];
  if (after === undefined || before === undefined) return 0;
  if (after.at === before.at) return after.cpuSeconds;
  const share = Math.min(1, Math.max(0, (at - before.at) / (after.at - before.at)));
  return before.cpuSeconds + share * (after.cpuSeconds - before.cpuSeconds);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
