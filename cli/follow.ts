import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcDeadlineError, WorkflowFailedError } from '@temporalio/client';
import { workflowIds } from '../workflows/messages.js';
import { CliError } from './cli-error.js';
import type { Exit } from './exit-codes.js';
import { describeFailure } from './failures.js';
import { createLiveView } from './output/live-view.js';
import { createPlainView } from './output/plain-view.js';
import { endLines } from './output/run-lines.js';
import type { RunViewer } from './output/viewer.js';
import { exitOf, findRun, queryStatus, type Run, readEnd, requireRun } from './run.js';
import type { Common, Session } from './session.js';

/** Seconds between two looks: on a terminal, and where each look becomes a line. */
const liveSeconds = 2;
const lineSeconds = 10;
/** What takes longer is told as missing: Temporal itself, or the status, which takes a worker. */
const lookWithinMs = 4_000;
const statusWithinMs = 5_000;
/** For how long Temporal may be away before watching gives up; the run survives longer. */
const patienceMs = 10 * 60_000;

/** Shows a category's run until it ends, and then how; Ctrl-C ends only the view. */
export async function follow(
  session: Session,
  options: Common & { readonly every?: number },
  category: string,
): Promise<Exit> {
  const client = await session.client();
  const started = await requireRun(client, category);
  const live = !options.json && session.io.stdout.isTTY === true;
  const viewer = options.json
    ? jsonLines(session)
    : live
      ? createLiveView(session.io.stdout)
      : createPlainView((line) => void session.write(`${line}\n`));
  const everyMs = (options.every ?? (live ? liveSeconds : lineSeconds)) * 1000;
  const ended = await session.io
    .interruptible((signal) => untilEnd(client, started, viewer, everyMs, signal))
    .finally(() => viewer.end());
  if (ended === undefined) {
    session.note(
      `The run goes on. Watch it again with: migrate watch ${category}; end it with: migrate stop ${category}`,
    );
    return 'interrupted';
  }
  if (options.json) await session.write(`${JSON.stringify(ended)}\n`);
  else await session.write(`${endLines(ended).join('\n')}\n`);
  return exitOf(ended);
}

/** Undefined where it was interrupted. */
async function untilEnd(
  client: Client,
  started: Run,
  viewer: RunViewer,
  everyMs: number,
  signal: AbortSignal,
): Promise<Run | undefined> {
  const { category, runId } = started;
  const ended = whenEnded(client, started);
  let seen = Date.now();
  for (;;) {
    try {
      const run = await look(client, category);
      // Its own end, also where the next run of the category has begun since.
      if (run === undefined || run.runId !== runId) return await readEnd(client, category, runId);
      if (run.state !== 'RUNNING') return run;
      const status = await queryStatus(client, category, statusWithinMs);
      viewer.show({ ...run, ...(status !== undefined && { status }) });
      seen = Date.now();
    } catch (error) {
      const failure = describeFailure(error);
      if (failure?.exit !== 'unreachable') throw error;
      if (Date.now() - seen > patienceMs)
        throw new CliError('unreachable', failure.message, { cause: error });
      viewer.note(failure.message);
    }
    await Promise.race([ended, sleep(everyMs, undefined, { signal }).catch(() => undefined)]);
    if (signal.aborted) return undefined;
  }
}

/** The client would try again for long without a word; whoever watches is told. */
async function look(client: Client, category: string): Promise<Run | undefined> {
  try {
    return await client.withDeadline(Date.now() + lookWithinMs, () => findRun(client, category));
  } catch (cause) {
    if (!isGrpcDeadlineError(cause)) throw cause;
    throw new CliError('unreachable', 'Temporal does not answer at present.', { cause });
  }
}

/** Resolves with the end of the run; never where Temporal goes away before, which the next look finds out. */
function whenEnded(client: Client, { category, runId }: Run): Promise<void> {
  const result = client.workflow.getHandle(workflowIds.category(category), runId).result();
  return new Promise((resolve) => {
    result.then(
      () => resolve(),
      (error: unknown) => error instanceof WorkflowFailedError && resolve(),
    );
  });
}

function jsonLines(session: Session): RunViewer {
  return {
    show: (view) => void session.write(`${JSON.stringify(view)}\n`),
    note: (text) => session.note(text),
    end: () => undefined,
  };
}
