import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { type ControlName, type controls, workflowIds } from '../workflows/messages.js';
import { CliError } from './cli-error.js';
import { updateCommand } from './explain.js';
import { isWithoutWorker } from './failures.js';
import { findRun, notRunning } from './run.js';
import type { Common, Session } from './session.js';
import { answerWithinMs } from './temporal.js';

type Update<Name extends ControlName> = (typeof controls)[Name]['update'];
type Argument<Name extends ControlName> =
  Update<Name> extends UpdateDefinition<unknown, infer Arguments> ? NonNullable<Arguments[0]> : never;
type Answer<Name extends ControlName> =
  Update<Name> extends UpdateDefinition<infer Result, infer _> ? Result : never;

/** A control as a command: sends it and shows the answer, or with `--explain` the command of `temporal`. */
export function steer<Name extends ControlName>(
  session: Session,
  options: Common,
  category: string,
  name: Name,
  argument: Argument<Name>,
  lines: (answer: Answer<Name>) => readonly string[],
): Promise<void> {
  return session.perform(options, {
    explain: (temporal) => [updateCommand(temporal, category, name, argument)],
    run: async () => {
      const answer = await send<Name>(await session.client(), category, name, argument);
      await session.show(options, answer, () => lines(answer));
      return 'done';
    },
  });
}

/** How often, and after how long, a message is sent again that met a run just as it continued as new. */
const attempts = 5;
const pauseMs = 400;
/** A message that names something waits in the run until it has read what there is; control tables may be slow. */
const obeyedWithinMs = 60_000;

/**
 * Sends a message to a category's run and returns its answer. Messages are absolute and carry one id over all
 * attempts, so that sending again does nothing twice.
 * Throws CliError `refused` with the run's reason, or where nothing runs.
 */
async function send<Name extends ControlName>(
  client: Client,
  category: string,
  name: Name,
  argument: Argument<Name>,
): Promise<Answer<Name>> {
  const updateId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(client, category, name, argument, updateId);
    } catch (error) {
      if (!isBetweenExecutions(error))
        throw error instanceof WorkflowUpdateFailedError ? refusal(error) : error;
      const run = await findRun(client, category);
      if (run?.state !== 'RUNNING' || attempt === attempts) throw notRunning(category, run);
      await sleep(pauseMs);
    }
  }
}

async function sendOnce<Name extends ControlName>(
  client: Client,
  category: string,
  name: Name,
  argument: Argument<Name>,
  updateId: string,
): Promise<Answer<Name>> {
  const handle = client.workflow.getHandle(workflowIds.category(category));
  const taken = await client.withDeadline(Date.now() + answerWithinMs, () =>
    handle.startUpdate<Answer<Name>, [Argument<Name>]>(name, {
      ...{ args: [argument], updateId, waitForStage: 'ACCEPTED' },
    }),
  );
  try {
    return await client.withDeadline(Date.now() + obeyedWithinMs, () => taken.result());
  } catch (error) {
    if (!isWithoutWorker(error)) throw error;
    throw new CliError(
      'unreachable',
      `The run has taken the message, but not obeyed it within ${obeyedWithinMs / 1000} s: ` +
        `see migrate status ${category}, and send it again if it did not take effect.`,
      { cause: error },
    );
  }
}

/** The execution that took the message, or should have, gave way to the next one of the same run; or the run ended. */
function isBetweenExecutions(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow';
}

function refusal(error: WorkflowUpdateFailedError): CliError {
  return new CliError('refused', `The run refuses: ${error.cause?.message ?? error.message}`, {
    cause: error,
  });
}
