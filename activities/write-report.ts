import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { log } from '@temporalio/activity';
import { MigrationError } from '../engine/errors.js';
import {
  type ChunkTotals,
  chunkTotals,
  iterateChunkReports,
  policyTotals,
} from '../engine/postgres/control/reports.js';
import { finishRun, loadRun } from '../engine/postgres/control/runs.js';
import { listTargets } from '../engine/postgres/control/target-results.js';
import { encodeSegment } from '../engine/storage/keys.js';
import type { ReportSummary, RunRef, RunState } from './contract.js';
import type { Dependencies } from './dependencies.js';
import { logLines } from './log-lines.js';
import { chunkEntry } from './report/chunk-entry.js';
import { StatisticsFiles } from './report/statistics-files.js';
import type { RunContexts } from './run-context.js';
import { scratchDirectory } from './scratch.js';
import { runStep, type Step } from './step.js';

type ReportInput = RunRef & { readonly state: RunState; readonly failure?: string };

/**
 * Ends a run: one `report.json`, and a CSV file per step and database, in the stats bucket. Written from the
 * control tables row by row, so that a plan of any size fits.
 */
export function writeReport(deps: Dependencies, contexts: RunContexts) {
  return (input: ReportInput): Promise<ReportSummary> =>
    runStep(async (step) => {
      const { runId, state, failure } = input;
      const { config } = await contexts.of(runId);
      if (state === 'COMPLETED') await requireComplete(deps, runId);
      const scratch = await scratchDirectory(deps.spillDirectory);
      try {
        const statistics = new StatisticsFiles(scratch.path, { category: config.category, runId });
        const local = join(scratch.path, 'report.json');
        await pipeline(lines(deps, input, statistics, step), createWriteStream(local));
        await statistics.upload(deps.buckets.stats);
        const key = `report/${encodeSegment(config.category)}/${runId}/report.json`;
        await deps.buckets.stats.putFile(key, local);
        const report = `${deps.buckets.stats.url.replace(/\/$/, '')}/${key}`;
        await finishRun(deps.target, runId, { state, report, ...(failure !== undefined && { failure }) });
        if (state === 'FAILED')
          log.error(logLines.runFailed, { category: config.category, runId, failure: failure ?? '' });
        return { state, report, ...totalsOf(await chunkTotals(deps.target, runId)) };
      } finally {
        await scratch.remove();
      }
    });
}

/** Whatever the workflow has counted: the control tables have the last word on what is complete. */
async function requireComplete(deps: Dependencies, runId: string): Promise<void> {
  const undone = (await chunkTotals(deps.target, runId)).filter(
    ({ pending, parked }) => pending + parked > 0,
  );
  if (undone.length === 0) return;
  const places = undone.map((entry) => `${entry.server}/${entry.database}: ${entry.pending + entry.parked}`);
  throw new MigrationError(
    'STAGE_INCOMPLETE',
    `Chunks of this run are not done (${places.slice(0, 10).join('; ')}). Start the category again in resume.`,
  );
}

type Count = Exclude<keyof ChunkTotals, 'target' | 'server' | 'database'>;

function sumOf(totals: readonly ChunkTotals[], key: Count): number {
  return totals.reduce((all, entry) => all + entry[key], 0);
}

function totalsOf(totals: readonly ChunkTotals[]): Omit<ReportSummary, 'state' | 'report'> {
  const sum = (key: Count): number => sumOf(totals, key);
  return {
    rows: sum('rows'),
    rowsQuarantined: sum('rowsQuarantined'),
    chunksDone: sum('done'),
    chunksParked: sum('parked'),
    chunksSkipped: sum('skipped'),
  };
}

async function* lines(
  deps: Dependencies,
  { runId, state, failure }: ReportInput,
  statistics: StatisticsFiles,
  step: Step,
): AsyncGenerator<string> {
  const { category, jobMode, inputPartition, startedAt, config, reloads } = await loadRun(deps.target, runId);
  const databases = await chunkTotals(deps.target, runId);
  const head = {
    category,
    runId,
    jobMode,
    inputPartition: inputPartition ?? null,
    state,
    failure: failure ?? null,
    startedAt,
    finishedAt: new Date().toISOString(),
    totals: totalsOf(databases),
    // What a later start in resume has to do.
    left: {
      chunks: sumOf(databases, 'pending') + sumOf(databases, 'parked'),
      rowsPlanned: sumOf(databases, 'rowsLeft'),
    },
    databases,
    policies: await policyTotals(deps.target, runId),
    targets: await listTargets(deps.target, runId),
    configuration: config,
    reloads: reloads.map(({ at, fields }) => ({ at, fields })),
  };
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "chunks": [`;
  let separator = '\n';
  for await (const report of iterateChunkReports(deps.target, runId)) {
    step.signal.throwIfAborted();
    step.advance(1);
    await statistics.add(report);
    yield `${separator}    ${JSON.stringify(chunkEntry(report))}`;
    separator = ',\n';
  }
  yield '\n  ]\n}\n';
}
