import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { workflowIds } from '../../workflows/messages.js';
import { taskQueue } from '../../workflows/options.js';
import { categoryCommand } from '../category-command.js';
import { CliError } from '../cli-error.js';
import type { Exit } from '../exit-codes.js';
import { temporalCommand } from '../explain.js';
import { follow } from '../follow.js';
import { hasWorkers, noWorkers } from '../has-workers.js';
import { findRun } from '../run.js';
import type { Common, Session } from '../session.js';

interface StartOptions extends Common {
  readonly jobMode?: string;
  readonly inputPartition?: string;
  readonly wait?: true;
}

interface StartInput {
  readonly category: string;
  readonly jobMode?: string;
  readonly inputPartition?: string;
}

const workflowType = 'migrateCategory';

/** `migrate start`: two runs of one category cannot exist, so it starts one or refuses. */
export function addStart(program: Command, session: Session): void {
  categoryCommand(program, 'start', 'start a run: by default go on with what is not done')
    .addOption(
      new Option('--job-mode <mode>', 'instead of the configured job_mode').choices(['resume', 'restart']),
    )
    .option('--input-partition <period>', 'YYYYMM or YYYYMMDD, instead of the configured input_partition')
    .option('--wait', 'watch the run until it ends, and exit by its end')
    .action((category: string, options: StartOptions) => {
      const input = inputOf(category, options);
      return session.perform(options, {
        explain: (temporal) => [
          temporalCommand(
            temporal,
            ['workflow', 'start'],
            [
              ['--type', workflowType],
              ['--task-queue', taskQueue],
              ['--workflow-id', workflowIds.category(category)],
              ['--fail-existing'],
              ['--input', JSON.stringify(input)],
              ['--static-summary', summaryOf(input)],
              ['--static-details', detailsOf(category)],
            ],
          ),
          ...(options.wait
            ? [
                temporalCommand(
                  temporal,
                  ['workflow', 'result'],
                  [['--workflow-id', workflowIds.category(category)]],
                ),
              ]
            : []),
        ],
        run: () => start(session, options, input),
      });
    });
}

async function start(session: Session, options: StartOptions, input: StartInput): Promise<Exit> {
  const client = await session.client();
  const runId = await startWorkflow(client, input);
  const { category } = input;
  const workers = await hasWorkers(client);
  if (!workers) session.note(noWorkers);
  // With --json, --wait's own lines say all of it.
  if (!(options.json && options.wait))
    await session.show(
      options,
      { category, workflowId: workflowIds.category(category), runId, workers },
      () => [
        `Started ${workflowIds.category(category)}, run ${runId}.`,
        ...(options.wait ? [] : nextCommands(category)),
      ],
    );
  return options.wait ? follow(session, options, category) : 'done';
}

async function startWorkflow(client: Client, input: StartInput): Promise<string> {
  const { category } = input;
  try {
    const handle = await client.workflow.start(workflowType, {
      taskQueue,
      workflowId: workflowIds.category(category),
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: summaryOf(input),
      staticDetails: detailsOf(category),
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const run = await findRun(client, category);
    throw new CliError(
      'refused',
      `${category} runs already${run === undefined ? '' : `, since ${run.startedAt} (run ${run.runId})`}; ` +
        `watch it with: migrate watch ${category}; end it with: migrate stop ${category}.`,
    );
  }
}

function inputOf(category: string, { jobMode, inputPartition }: StartOptions): StartInput {
  return {
    category,
    ...(jobMode !== undefined && { jobMode }),
    ...(inputPartition !== undefined && { inputPartition }),
  };
}

/** For the list of workflows in the Web UI. */
function summaryOf({ category, jobMode, inputPartition }: StartInput): string {
  return [`Migrates ${category}`, jobMode, inputPartition].filter((part) => part !== undefined).join(', ');
}

/** For the workflow's page in the Web UI; what changes stands in its current details. */
function detailsOf(category: string): string {
  return [
    `Copies the category **${category}** from its SQL Servers to PostgreSQL and proves every hop by counts and checksums.`,
    `The databases and chunks are workflows below \`${workflowIds.category(category)}/\`.`,
    '',
    `Steer it with \`migrate pause|resume|concurrency|retry|skip|stop ${category}\` (docs/cli.md), or send the signals`,
    'and updates of the same names from here (docs/operations.md).',
  ].join('\n');
}

function nextCommands(category: string): readonly string[] {
  return [
    `  migrate watch ${category}    until it ends`,
    `  migrate status ${category}   once`,
    `  migrate stop ${category}     end it; a later start goes on from there`,
  ];
}
