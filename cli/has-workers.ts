import type { Client } from '@temporalio/client';
import { taskQueue } from '../workflows/options.js';

/** Whether any worker asked for workflow tasks in the last minutes, as far as the server knows. */
export async function hasWorkers(client: Client): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  return (pollers ?? []).length > 0;
}

/** What to say where there is none. */
export const noWorkers = `No worker asks for work on the task queue '${taskQueue}' yet: the run waits (npm run worker).`;
