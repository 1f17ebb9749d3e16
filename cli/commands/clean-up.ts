import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { type Command, InvalidArgumentError } from 'commander';
import type { CleanUpSummary } from '../../activities/clean-up/contract.js';
import { parseAge } from '../../config/age.js';
import { MigrationError } from '../../engine/errors.js';
import { workflowIds } from '../../workflows/messages.js';
import { taskQueue } from '../../workflows/options.js';
import { categoryCommand } from '../category-command.js';
import { CliError } from '../cli-error.js';
import type { Exit } from '../exit-codes.js';
import { temporalCommand } from '../explain.js';
import { hasWorkers, noWorkers } from '../has-workers.js';
import { cleanUpLines } from '../output/clean-up-lines.js';
import { rootFailure } from '../run.js';
import type { Common, Session } from '../session.js';

interface CleanUpOptions extends Common {
  readonly olderThan?: string;
  readonly apply?: true;
}

interface CleanUpInput {
  readonly category: string;
  readonly olderThan?: string;
  readonly apply: boolean;
}

const workflowType = 'cleanUp';

/** `migrate clean-up`: what of a category's objects nobody needs any more; with `--apply` it goes. */
export function addCleanUp(program: Command, session: Session): void {
  categoryCommand(
    program,
    'clean-up',
    'find objects in the buckets that nobody needs any more, and take them away',
  )
    .option(
      '--older-than <age>',
      'only what is older, such as 7d or 72h, whatever the configuration says',
      age,
    )
    .option('--apply', 'take away what is found; without it nothing is changed')
    .action((category: string, options: CleanUpOptions) => {
      const input = inputOf(category, options);
      const workflowId = workflowIds.cleanUp(category);
      return session.perform(options, {
        explain: (temporal) => [
          temporalCommand(
            temporal,
            ['workflow', 'execute'],
            [
              ['--type', workflowType],
              ['--task-queue', taskQueue],
              ['--workflow-id', workflowId],
              ['--fail-existing'],
              ['--input', JSON.stringify(input)],
            ],
          ),
        ],
        run: () => cleanUp(session, options, input),
      });
    });
}

async function cleanUp(session: Session, options: CleanUpOptions, input: CleanUpInput): Promise<Exit> {
  const client = await session.client();
  const runId = await start(client, input);
  if (!(await hasWorkers(client))) session.note(noWorkers);
  const summary = await session.io.interruptible((signal) =>
    Promise.race([end(client, input.category, runId), aborted(signal)]),
  );
  if (summary === undefined) {
    session.note(`The clean-up goes on as ${workflowIds.cleanUp(input.category)}.`);
    return 'interrupted';
  }
  await session.show(options, summary, () => cleanUpLines(summary));
  return 'done';
}

async function start(client: Client, input: CleanUpInput): Promise<string> {
  const { category, apply } = input;
  const workflowId = workflowIds.cleanUp(category);
  try {
    const handle = await client.workflow.start(workflowType, {
      taskQueue,
      workflowId,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${apply ? 'Cleans up' : 'Looks what to clean up'} after ${category}`,
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CliError(
      'refused',
      `A clean-up of ${category} runs already; wait for it with: temporal workflow result --workflow-id ${workflowId}`,
    );
  }
}

async function end(client: Client, category: string, runId: string): Promise<CleanUpSummary> {
  try {
    const handle = client.workflow.getHandle(workflowIds.cleanUp(category), runId);
    return (await handle.result()) as CleanUpSummary;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { code, message } = rootFailure(error);
    throw new CliError(/^CONFIG_|^CATEGORY_/.test(code) ? 'usage' : 'failed', `${code}: ${message}`);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function inputOf(category: string, { olderThan, apply }: CleanUpOptions): CleanUpInput {
  return { category, apply: apply === true, ...(olderThan !== undefined && { olderThan }) };
}

function age(text: string): string {
  try {
    parseAge(text);
    return text;
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}
