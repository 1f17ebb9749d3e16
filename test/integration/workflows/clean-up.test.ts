import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { CleanUpActivities, CleanUpPageInput } from '../../../activities/clean-up/contract.js';
import type { cleanUp } from '../../../workflows/clean-up.js';
import { workflowIds } from '../../../workflows/messages.js';
import { taskQueue } from '../../../workflows/options.js';
import { startTestTemporal, withWorker } from '../../support/temporal.js';

const pages = 450;

describe('the workflow of a clean-up', () => {
  let temporal: TestWorkflowEnvironment;
  beforeAll(async () => {
    temporal = await startTestTemporal();
  }, 120_000);
  afterAll(() => temporal?.teardown());

  it('goes through pages without end in histories of bounded length, each page once', async () => {
    const asked: CleanUpPageInput[] = [];
    const activities: CleanUpActivities = {
      openCleanUp: async () => ({ at: 1, wholes: ['t'], orphanHours: 48 }),
      cleanUpPage: async (input) => {
        asked.push(input);
        const one = { objects: 1, bytes: 10 };
        const next = input.page + 1 < pages ? { next: { section: 0, after: `key-${input.page}` } } : {};
        return { ...next, seen: 2, found: one, removed: one };
      },
      reportCleanUp: async ({ category, apply, pages: objects }) => {
        const total = { objects, bytes: 10 * objects };
        return {
          category,
          applied: apply,
          report: 'r',
          seen: 2 * objects,
          found: total,
          removed: total,
          groups: [],
        };
      },
    };
    const workflowId = workflowIds.cleanUp('many');
    const handle = await withWorker(temporal, activities, async () => {
      const started = await temporal.client.workflow.start<typeof cleanUp>('cleanUp', {
        taskQueue,
        workflowId,
        args: [{ category: 'many', apply: true, olderThan: '3d' }],
      });
      expect(await started.result()).toMatchObject({
        applied: true,
        found: { objects: pages },
        seen: 2 * pages,
      });
      return started;
    });
    expect(asked.map(({ page }) => page)).toEqual(Array.from({ length: pages }, (_, page) => page));
    expect(asked.slice(1).every(({ cursor, page }) => cursor.after === `key-${page - 1}`)).toBe(true);
    expect(new Set(asked.map(({ cleanUpId }) => cleanUpId))).toEqual(new Set([handle.firstExecutionRunId]));
    expect(asked[0]).toMatchObject({
      apply: true,
      categoryWorkflowId: 'migrate/many',
      rules: { orphanHours: 48 },
    });
    const last = await temporal.client.workflow.getHandle(workflowId).describe();
    expect(last.runId).not.toBe(handle.firstExecutionRunId);
    const { events } = await temporal.client.workflow
      .getHandle(workflowId, handle.firstExecutionRunId)
      .fetchHistory();
    expect(events?.length).toBeLessThan(2_100);
  }, 120_000);
});
