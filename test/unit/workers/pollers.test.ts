import { polls } from '../../../workers/pollers';

/** A server with pollers by queue and type of task, as far as health asks. */
function server(pollers: Readonly<Record<string, readonly string[]>>) {
  return {
    workflowService: {
      describeTaskQueue: async (asked: { taskQueue: { name: string }; taskQueueType: number }) => ({
        pollers: (pollers[`${asked.taskQueue.name} ${asked.taskQueueType}`] ?? []).map((identity) => ({
          identity,
        })),
      }),
    } as never,
  };
}

test('a worker whose slots for steps are all taken still serves activities: it asks for control', async () => {
  const busy = server({ 'migration-control 2': ['7@here'] });
  expect(await polls(busy, 'default', 'activities', 'here')).toBe(true);
  expect(await polls(busy, 'default', 'workflows', 'here')).toBe(false);
});

test('another host’s polling is not this one’s', async () => {
  const others = server({ 'migration-control 2': ['7@there'], 'migration 1': ['8@nowhere'] });
  expect(await polls(others, 'default', 'activities', 'here')).toBe(false);
  expect(await polls(others, 'default', 'workflows', 'here')).toBe(false);
});
