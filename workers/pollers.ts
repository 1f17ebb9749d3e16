import type { ConnectionLike } from '@temporalio/client';
import { controlTaskQueue, taskQueue } from '../workflows/options.js';

export type Role = 'workflows' | 'activities';

/**
 * Where Temporal looks whether a role is served. A worker whose slots for steps are all taken asks for no more, and the
 * server forgets it after five minutes; for control it always asks.
 */
const lookedAt: Readonly<Record<Role, { readonly queue: string; readonly type: number }>> = {
  workflows: { queue: taskQueue, type: 1 },
  activities: { queue: controlTaskQueue, type: 2 },
};

/** Whether a process of `host` asks Temporal for the tasks of a role. Throws where Temporal does not answer. */
export async function polls(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
  role: Role,
  host: string,
): Promise<boolean> {
  const { queue, type } = lookedAt[role];
  const { pollers } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: type,
  });
  // The SDK's default identity is `<pid>@<hostname>`.
  return (pollers ?? []).some(({ identity }) => identity?.endsWith(`@${host}`));
}
