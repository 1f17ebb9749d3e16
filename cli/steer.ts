import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { type ControlName, type controls, workflowIds } from '../workflows/messages.js';
import { CliError } from './cli-error.js';
import { updateCommand } from './explain.js';
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
  const handle = client.workflow.getHandle(workflowIds.category(category));
  const updateId = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.withDeadline(Date.now() + answerWithinMs, () =>
        handle.executeUpdate<Answer<Name>, [Argument<Name>]>(name, { args: [argument], updateId }),
      );
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw refusal(error);
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const run = await findRun(client, category);
      if (run?.state !== 'RUNNING' || attempt === attempts) throw notRunning(category, run);
      await sleep(pauseMs);
    }
  }
}

function refusal(error: WorkflowUpdateFailedError): CliError {
  return new CliError('refused', `The run refuses: ${error.cause?.message ?? error.message}`, {
    cause: error,
  });
}
