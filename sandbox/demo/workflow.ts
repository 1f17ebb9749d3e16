import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';

const run = promisify(execFile);

export interface StartedWorkflow {
  readonly runId: string;
  /** Resolves when the workflow has ended: undefined when it completed, else why it did not. */
  readonly ended: Promise<string | undefined>;
  close(): Promise<void>;
}

/** The arguments with which a person would start the migration from a shell. */
export function startArguments(category: string, input: Readonly<Record<string, string>>): readonly string[] {
  return [
    ...['workflow', 'start', '--type', 'migrateCategory', '--task-queue', 'migration'],
    ...['--workflow-id', `migrate/${category}`, '--input', JSON.stringify({ category, ...input })],
  ];
}

/** The same as one line to copy into a shell. */
export function shellCommand(args: readonly string[]): string {
  return ['temporal', ...args].map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word}'`)).join(' ');
}

/**
 * Starts the migration with the Temporal CLI. A run that an interrupted demo left behind is ended first.
 * @throws Error with the CLI's own words.
 */
export async function startWorkflow(
  cli: string,
  address: string,
  category: string,
  input: Readonly<Record<string, string>>,
): Promise<StartedWorkflow> {
  const extra = ['--id-conflict-policy', 'TerminateExisting', '--address', address, '--output', 'json'];
  const { stdout } = await run(cli, [...startArguments(category, input), ...extra]);
  const { runId } = JSON.parse(stdout) as { readonly runId: string };
  const connection = await Connection.connect({ address });
  const handle = new Client({ connection }).workflow.getHandle(`migrate/${category}`, runId);
  const ended = handle.result().then(
    () => undefined,
    (error: unknown) => explain(error),
  );
  return { runId, ended, close: () => connection.close() };
}

/** The chain of causes, outermost first, one line each. */
function explain(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const type = (cause as { readonly type?: string }).type;
    if (!(cause instanceof WorkflowFailedError))
      lines.push(type ? `${type}: ${cause.message}` : cause.message);
  }
  return lines.join('\n  ') || String(error);
}
