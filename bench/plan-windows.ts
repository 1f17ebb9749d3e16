import { workflowIds } from '../workflows/messages.js';
import { type BenchEstate, category, startEstate } from './estate.js';
import { usageOf } from './process-usage.js';
import { megabytes, report, round, setting, spent } from './result.js';

/**
 * `make bench-plan`: ten years of days on empty tables. What is measured is the control plane alone: every window
 * is planned, exported, transformed, imported and checked, and none holds a row. DAYS makes it shorter.
 */
const days = setting('DAYS', 3_653);
const from = '2015-01-01';
const database = { target: category, server: 'server01', database: 'DatabaseA' };

async function main(): Promise<void> {
  const estate = await startEstate(0);
  try {
    report('plan-windows', await measure(estate));
  } finally {
    await estate.stop();
  }
}

async function measure(estate: BenchEstate): Promise<object> {
  const to = new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);
  const filter = `data_timestamp >= '${from}' AND data_timestamp < '${to}'`;
  estate.configure(`migration-parameters/${category}.json`, (json) => ({
    ...json,
    source_filter_cell_performance_data: filter,
    source_filter_ue_statistics_data: filter,
  }));
  const { activityWorker, workflowWorker } = estate.pids;
  const memory = () => ({
    workflowWorkerMb: megabytes(usageOf(workflowWorker)?.rss ?? 0),
    activityWorkerMb: megabytes(usageOf(activityWorker)?.rss ?? 0),
  });
  const start = { cpu: estate.cpu(), memory: memory() };
  const samples: ReturnType<typeof memory>[] = [];
  let nextSample = 0;
  const { runId, seconds } = await estate.run('resume', () => {
    if (performance.now() < nextSample) return;
    nextSample = performance.now() + 10_000;
    samples.push(memory());
  });
  const chunks = await chunksOf(estate, runId);
  if (chunks.done !== days) throw new Error(`${chunks.done} of ${days} windows are done.`);
  return {
    windows: days,
    seconds: round(seconds, 1),
    secondsBeforeTheFirstChunk: round(chunks.before, 1),
    secondsPer100Chunks: round((chunks.copying / days) * 100),
    cpuSeconds: spent(start.cpu, estate.cpu()),
    histories: await histories(estate),
    memory: {
      start: start.memory,
      everyTenSeconds: samples.filter((_, index) => index % Math.ceil(samples.length / 12) === 0),
      end: memory(),
      peakWorkflowWorkerMb: megabytes(usageOf(workflowWorker)?.peakRss ?? 0),
      peakActivityWorkerMb: megabytes(usageOf(activityWorker)?.peakRss ?? 0),
    },
  };
}

interface Chunks {
  readonly done: number;
  /** Seconds from the run's row to the start of the first chunk's export, and from there to the last chunk's end. */
  readonly before: number;
  readonly copying: number;
}

async function chunksOf({ target }: BenchEstate, runId: string): Promise<Chunks> {
  const { rows } = await target.query<Chunks>(
    `WITH s AS (
       SELECT min(finished_at - seconds * interval '1 s') AS first, max(finished_at) AS last
         FROM migration_control.step WHERE run_id = $1
     )
     SELECT (SELECT count(*)::int FROM migration_control.chunk WHERE run_id = $1 AND state = 'DONE') AS done,
            extract(epoch FROM s.first - r.started_at)::float8 AS before,
            extract(epoch FROM s.last - s.first)::float8 AS copying
       FROM s, migration_control.run r WHERE r.run_id = $1`,
    [runId],
  );
  const [chunks] = rows;
  if (chunks === undefined) throw new Error('The run has no row in migration_control.run.');
  return chunks;
}

interface Largest {
  readonly executions: number;
  readonly events: number;
  readonly bytes: number;
}

/** The largest history of each kind of workflow, over all its executions. */
async function histories({ temporal }: BenchEstate): Promise<object> {
  const largest = async (query: string): Promise<Largest> => {
    const found = { executions: 0, events: 0, bytes: 0 };
    for await (const execution of temporal.workflow.list({ query })) {
      found.executions += 1;
      found.events = Math.max(found.events, execution.historyLength);
      found.bytes = Math.max(found.bytes, execution.historySize ?? 0);
    }
    return found;
  };
  const databaseRuns = await largest(`WorkflowId = '${workflowIds.database(category, database)}'`);
  return {
    category: await largest(`WorkflowId = '${workflowIds.category(category)}'`),
    database: { ...databaseRuns, continuedAsNew: databaseRuns.executions - 1 },
    chunk: await largest(`WorkflowType = 'migrateChunk'`),
  };
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
