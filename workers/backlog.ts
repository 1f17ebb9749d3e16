import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { ConnectionLike } from '@temporalio/client';
import { controlTaskQueue, taskQueue } from '../workflows/options.js';
import { searchAttributes } from '../workflows/search-attributes.js';

/** How much work waits for activity workers, and how many of them there are. */
export interface Backlog {
  /** Activities that no worker has taken yet, of both task queues; the server's own estimate. */
  readonly waiting: number;
  /** Hosts (containers) that poll for activities. */
  readonly workers: number;
  /** Runs that go on by themselves: those that only wait for somebody's `retry` or `skip` are left out. */
  readonly runsActive: number;
}

/** Names of the metrics; deploy/infra scales and alarms by them. */
export const backlogMetrics = ['Backlog', 'Workers', 'RunsActive', 'BacklogPerWorker'] as const;

const activityTasks = 2;
const runningCategories = "WorkflowType = 'migrateCategory' AND ExecutionStatus = 'Running'";
/** A poll lasts a minute; who has not asked for two is gone, though the server lists it for five. */
const goneAfterMs = 120_000;

/** Asks Temporal. Throws where it does not answer, or is too old to tell (1.28 or later does). */
export async function readBacklog(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<Backlog> {
  const describe = (name: string) =>
    workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType: activityTasks,
      reportStats: true,
    });
  const [steps, control] = await Promise.all([describe(taskQueue), describe(controlTaskQueue)]);
  const count = async (query: string): Promise<number> =>
    Number((await workflowService.countWorkflowExecutions({ namespace, query })).count ?? 0);
  const [running, parked] = await Promise.all([
    count(runningCategories),
    count(`${runningCategories} AND ${searchAttributes.phase.name} = 'NEEDS_ATTENTION'`),
  ]);
  return {
    waiting: waitingIn(steps) + waitingIn(control),
    // A worker whose slots for steps are all taken asks for no more; for control it always asks.
    workers: hostsOf(control.pollers ?? []),
    runsActive: running - parked,
  };
}

/** Writes what was read, and `BacklogPerWorker`, which scaling tracks as it falls when workers are added. */
export async function publishBacklog(
  client: Pick<CloudWatchClient, 'send'>,
  metricNamespace: string,
  { waiting, workers, runsActive }: Backlog,
): Promise<void> {
  const values: Record<(typeof backlogMetrics)[number], number> = {
    Backlog: waiting,
    Workers: workers,
    RunsActive: runsActive,
    BacklogPerWorker: waiting / Math.max(workers, 1),
  };
  await client.send(
    new PutMetricDataCommand({
      Namespace: metricNamespace,
      MetricData: Object.entries(values).map(([MetricName, Value]) => ({ MetricName, Value, Unit: 'Count' })),
    }),
  );
}

interface Described {
  readonly stats?: { readonly approximateBacklogCount?: unknown } | null;
}

function waitingIn({ stats }: Described): number {
  if (stats) return Number(stats.approximateBacklogCount ?? 0);
  throw new Error('Temporal tells no statistics of task queues: use server 1.28 or later.');
}

interface Poller {
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
}

/** The SDK's default identity is `<pid>@<hostname>`. */
function hostsOf(pollers: readonly Poller[]): number {
  const since = (Date.now() - goneAfterMs) / 1000;
  const alive = pollers.filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= since);
  return new Set(alive.map(({ identity }) => identity?.split('@')[1])).size;
}
