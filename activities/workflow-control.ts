import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Activities, MemberRef } from './contract.js';
import { runStep } from './step.js';

/** What workflows ask of Temporal that only a client can do. */
export function workflowControlActivities(): Pick<Activities, 'signalWithStart' | 'listEnded'> {
  return {
    signalWithStart: ({ taskQueue, workflowType, workflowId, args, signal, signalArgs }) =>
      runStep(async () => {
        await getClient().workflow.signalWithStart(workflowType, {
          workflowId,
          taskQueue,
          args: [...args],
          signal,
          signalArgs: [...signalArgs],
        });
      }),

    listEnded: ({ members }) =>
      runStep(async (step) => {
        const ended: string[] = [];
        for (const member of members) {
          if (await hasEnded(member)) ended.push(member.firstRunId);
          step.advance(1);
        }
        return { ended };
      }),
  };
}

/** Whether the execution is over, be it because another has taken its id. */
async function hasEnded({ workflowId, firstRunId }: MemberRef): Promise<boolean> {
  try {
    const { status, raw } = await getClient().workflow.getHandle(workflowId).describe();
    return status.name !== 'RUNNING' || raw.workflowExecutionInfo?.firstRunId !== firstRunId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
