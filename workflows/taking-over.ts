import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ApplicationFailure, sleep } from '@temporalio/workflow';

const attempts = 24;
const wait = '5s';

/**
 * Starts a child under an id that a child of an earlier run may still hold: one that was terminated ends its own
 * children a little later than itself. Fails, after two minutes, saying who holds the id.
 */
export async function takingOver<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (attempt === attempts)
        throw ApplicationFailure.create({
          type: 'WORKFLOW_ID',
          nonRetryable: true,
          message: `The workflow ${error.workflowId} of an earlier run is still running. Cancel or terminate it, then retry.`,
        });
      await sleep(wait);
    }
  }
}
