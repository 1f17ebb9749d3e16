import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ReportSummary } from '../activities/contract.js';
import { type CategoryStatus, statusQuery, workflowIds } from '../workflows/messages.js';
import { CliError } from './cli-error.js';
import type { Exit } from './exit-codes.js';
import { isWithoutWorker } from './failures.js';

/** A run as Temporal knows it; a run that continues as new is one run. */
export interface Run {
  readonly category: string;
  /** Of the first execution of its chain: what the control tables and the report call it. */
  readonly runId: string;
  readonly state: 'RUNNING' | EndState;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** What the workflow returned; absent for a run that failed, and for one that goes on. */
  readonly result?: ReportSummary;
  readonly failure?: { readonly code: string; readonly message: string };
}
type EndState = 'COMPLETED' | 'STOPPED' | 'FAILED' | 'CANCELLED' | 'TERMINATED' | 'TIMED_OUT';

/** A run, and while it goes on what it says of itself; `status` is absent where no worker answers. */
export interface RunView extends Run {
  readonly status?: CategoryStatus;
}

/** The latest run of a category, or undefined where Temporal knows none. */
export async function findRun(client: Client, category: string): Promise<Run | undefined> {
  const description = await describe(client, category);
  return description === undefined ? undefined : readRun(client, category, description);
}

/** As `findRun`. Throws CliError `refused` where there is none. */
export async function requireRun(client: Client, category: string): Promise<Run> {
  const run = await findRun(client, category);
  if (run !== undefined) return run;
  throw new CliError(
    'refused',
    `${category} has never run, as far as Temporal remembers; ${howToStart(category)}.`,
  );
}

/** What an end says about a category that somebody wanted to steer. */
export function notRunning(category: string, last: Run | undefined): CliError {
  const before =
    last === undefined
      ? 'Temporal knows no run of it'
      : `its last run ended ${last.state} at ${last.endedAt}`;
  return new CliError('refused', `${category} is not running: ${before}; ${howToStart(category)}.`);
}

/** Asks the run itself. Undefined where it answers not, or just between two executions of its chain. */
export async function queryStatus(
  client: Client,
  category: string,
  withinMs: number,
): Promise<CategoryStatus | undefined> {
  const handle = client.workflow.getHandle(workflowIds.category(category));
  try {
    return await client.withDeadline(Date.now() + withinMs, () => handle.query(statusQuery));
  } catch (error) {
    if (isWithoutWorker(error) || error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** How the run of `runId` (any of its chain) ended, whatever was started under its id since. */
export async function readEnd(client: Client, category: string, runId: string): Promise<Run> {
  const handle = client.workflow.getHandle(workflowIds.category(category), runId);
  await handle.result().catch(() => undefined);
  return readRun(client, category, await handle.describe());
}

export function exitOf({ state, failure, status }: RunView): Exit {
  switch (state) {
    case 'RUNNING':
      return status !== undefined && status.chunks.parked > 0 ? 'attention' : 'done';
    case 'COMPLETED':
      return 'done';
    case 'FAILED':
      return failure?.code === 'CHUNKS_NEED_ATTENTION' ? 'attention' : 'failed';
    case 'TIMED_OUT':
      return 'failed';
    default:
      return 'stopped';
  }
}

async function describe(client: Client, category: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowIds.category(category)).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function readRun(
  client: Client,
  category: string,
  description: WorkflowExecutionDescription,
): Promise<Run> {
  const { workflowId, runId, closeTime, status } = description;
  const firstRunId = description.raw.workflowExecutionInfo?.firstRunId || runId;
  const first =
    firstRunId === runId ? description : await client.workflow.getHandle(workflowId, firstRunId).describe();
  const run = { category, runId: firstRunId, startedAt: first.startTime.toISOString() };
  if (closeTime === undefined || status.name === 'CONTINUED_AS_NEW') return { ...run, state: 'RUNNING' };
  const ended = { ...run, endedAt: closeTime.toISOString() };
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED')
    return { ...ended, state: status.name as EndState };
  return { ...ended, ...(await outcome(client, workflowId, runId)) };
}

async function outcome(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<Pick<Run, 'result' | 'failure'> & { readonly state: EndState }> {
  try {
    const result = (await client.workflow.getHandle(workflowId, runId).result()) as ReportSummary;
    return { state: result.state === 'STOPPED' ? 'STOPPED' : 'COMPLETED', result };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { state: 'FAILED', failure: rootFailure(error) };
  }
}

/** The end of the chain of causes: what is wrong, without what it was wrapped in. */
export function rootFailure(error: Error): NonNullable<Run['failure']> {
  let root = error;
  while (root.cause instanceof Error) root = root.cause;
  const code = root instanceof ApplicationFailure ? root.type : undefined;
  return { code: code ?? 'INTERNAL', message: root.message };
}

function howToStart(category: string): string {
  return `start it with: migrate start ${category}`;
}
