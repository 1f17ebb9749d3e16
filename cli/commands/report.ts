import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { loadStorageEnvironment } from '../../config/environment.js';
import { type ChunkTotals, chunkTotals } from '../../engine/postgres/control/reports.js';
import type { Run } from '../../engine/postgres/control/types.js';
import { openBucket } from '../../engine/storage/open-bucket.js';
import { workflowIds } from '../../workflows/messages.js';
import { categoryCommand } from '../category-command.js';
import { CliError } from '../cli-error.js';
import type { Exit } from '../exit-codes.js';
import { temporalCommand } from '../explain.js';
import { columns } from '../output/columns.js';
import { count, counted, duration } from '../output/quantities.js';
import { requireRecordedRun } from '../recorded-run.js';
import type { Common, Session } from '../session.js';

type ReportOptions = Common & { readonly run?: string };

/** `migrate report`: how a run ended, and where its report is. */
export function addReport(program: Command, session: Session): void {
  categoryCommand(
    program,
    'report',
    'totals of a run and where its report is; --json prints the report itself',
  )
    .option('--run <id>', 'of this run instead of the latest')
    .action((category: string, options: ReportOptions) =>
      session.perform(options, {
        explain: (temporal) => [
          temporalCommand(
            temporal,
            ['workflow', 'result'],
            [
              ['--workflow-id', workflowIds.category(category)],
              ...(options.run === undefined ? [] : [['--run-id', options.run]]),
            ],
          ),
        ],
        run: () => report(session, category, options),
      }),
    );
}

async function report(session: Session, category: string, options: ReportOptions): Promise<Exit> {
  const target = await session.target();
  const run = await requireRecordedRun(target, category, options.run);
  if (!options.json) {
    const totals = await chunkTotals(target, run.runId);
    await session.write(
      reportLines(run, totals)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 'done';
  }
  if (run.report === undefined)
    throw new CliError(
      'refused',
      `run ${run.runId} of ${category} is ${run.state} and has no report: it is written when a run ends. ` +
        `Until then: migrate status ${category} --json`,
    );
  const { bucket, key } = locate(run.report);
  await pipeline(await openBucket(bucket, loadStorageEnvironment()).stream(key), session.io.stdout, {
    end: false,
  });
  return 'done';
}

/** A report's URL as its bucket and the key in it. */
function locate(url: string): { readonly bucket: string; readonly key: string } {
  const at = url.lastIndexOf('/report/');
  return { bucket: url.slice(0, at), key: url.slice(at + 1) };
}

function reportLines(run: Run, databases: readonly ChunkTotals[]): readonly string[] {
  const { category, runId, jobMode, inputPartition, state, startedAt, finishedAt, failure, report } = run;
  const until = finishedAt === undefined ? Date.now() : Date.parse(finishedAt);
  const took = duration((until - Date.parse(startedAt)) / 1000);
  const sum = (key: 'chunks' | 'done' | 'parked' | 'skipped' | 'pending' | 'rows'): number =>
    databases.reduce((all, entry) => all + entry[key], 0);
  return [
    `${category}  ${state}  ${[jobMode, inputPartition].filter(Boolean).join(' ')}  run ${runId}`,
    `from ${startedAt} ${finishedAt === undefined ? 'on' : `to ${finishedAt}`} (${took})`,
    ...(failure === undefined ? [] : [failure]),
    `${counted(sum('rows'), 'row')} in the stage; ${counted(sum('chunks'), 'chunk')}: ${count(sum('done'))} done, ` +
      `${count(sum('parked'))} parked, ${count(sum('skipped'))} skipped, ${count(sum('pending'))} not done`,
    ...columns(databases.map(databaseCells), [1, 2, 3, 4]).map((line) => `  ${line}`),
    report === undefined ? 'No report yet: it is written when the run ends.' : `Report: ${report}`,
  ];
}

function databaseCells({ target, server, database, rows, done, chunks, parked, skipped }: ChunkTotals) {
  return [
    `${target}/${server}/${database}`,
    counted(rows, 'row'),
    `${count(done)} of ${counted(chunks, 'chunk')} done`,
    `${count(parked)} parked`,
    `${count(skipped)} skipped`,
  ];
}
