import { publishBacklog, readBacklog } from '../../../workers/backlog';

type Poller = { readonly identity: string; readonly lastAccessTime: { readonly seconds: number } };

const now = () => Date.now() / 1000;
const poller = (identity: string, secondsAgo = 5): Poller => ({
  identity,
  lastAccessTime: { seconds: now() - secondsAgo },
});

/** A server with these queues and runs, as far as the backlog asks. */
function server(
  queues: Record<string, { waiting?: number; pollers?: Poller[] }>,
  runs = { running: 0, parked: 0 },
) {
  const asked: unknown[] = [];
  return {
    asked,
    workflowService: {
      describeTaskQueue: async (request: { taskQueue: { name: string } }) => {
        asked.push(request);
        const { waiting, pollers = [] } = queues[request.taskQueue.name] ?? {};
        return { pollers, stats: waiting === undefined ? undefined : { approximateBacklogCount: waiting } };
      },
      countWorkflowExecutions: async ({ query }: { query: string }) => ({
        count: query.includes('NEEDS_ATTENTION') ? runs.parked : runs.running,
      }),
    } as never,
  };
}

test('adds up what waits in both queues, and counts the hosts that ask for work', async () => {
  const queues = {
    migration: { waiting: 20, pollers: [] },
    'migration-control': {
      waiting: 2,
      pollers: [poller('1@a'), poller('2@a'), poller('1@b'), poller('1@gone', 200)],
    },
  };
  const connection = server(queues, { running: 3, parked: 2 });
  expect(await readBacklog(connection, 'default')).toEqual({ waiting: 22, workers: 2, runsActive: 1 });
  expect(connection.asked).toContainEqual(expect.objectContaining({ taskQueueType: 2, reportStats: true }));
});

test('a server that tells no statistics is an error, and not an empty queue', async () => {
  await expect(readBacklog(server({}), 'default')).rejects.toThrow('1.28 or later');
});

test('publishes the backlog per worker, and all of it where there is none', async () => {
  const sent: Record<string, number | undefined>[] = [];
  const client = {
    send: async ({
      input,
    }: {
      input: { Namespace?: string; MetricData?: { MetricName?: string; Value?: number }[] };
    }) => {
      expect(input.Namespace).toBe('Migration/test');
      sent.push(
        Object.fromEntries((input.MetricData ?? []).map(({ MetricName, Value }) => [MetricName, Value])),
      );
    },
  } as never;
  await publishBacklog(client, 'Migration/test', { waiting: 12, workers: 3, runsActive: 1 });
  await publishBacklog(client, 'Migration/test', { waiting: 12, workers: 0, runsActive: 1 });
  expect(sent).toEqual([
    { Backlog: 12, Workers: 3, RunsActive: 1, BacklogPerWorker: 4 },
    { Backlog: 12, Workers: 0, RunsActive: 1, BacklogPerWorker: 12 },
  ]);
});
