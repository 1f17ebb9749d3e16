import type { WorkflowHandle } from '@temporalio/client';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { type CrashPointName, chunkPoints } from '../../support/crash-points.js';
import { startCrashingWorker, withWorkflowWorker } from '../../support/crashing-worker.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { sourceSessions, violations } from '../../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';

/** A worker process kills itself (SIGKILL) before and after each side effect, and the run goes on by itself. */
describe('a worker killed at a named point', () => {
  const databases = ['DatabaseA', 'DatabaseB'] as const;
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: foundingStyles(200).server01 } });
    // What a dead worker had under way is tried again after 20 s without a heartbeat; others go on meanwhile.
    estate.configure('config/categories/cell_perf_stats.json', (json) => ({
      ...json,
      concurrency: { perServer: 20 },
    }));
  }, 120_000);
  afterAll(() => estate?.stop());

  const begin = (): Promise<WorkflowHandle<typeof migrateCategory>> =>
    estate.temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
      taskQueue,
      workflowId: workflowIds.category('cell_perf_stats'),
      args: [{ category: 'cell_perf_stats' }],
    });
  const expected = async (): Promise<string> =>
    digest(await joinedRows(await Promise.all(databases.map((name) => estate.source('server01', name)))));
  const actual = async (): Promise<string> => digest(await targetRows(estate.postgres));

  const dieAt = async (point: CrashPointName): Promise<void> => {
    expect(await startCrashingWorker(estate, point).ended).toBe('SIGKILL');
  };
  const proveExactlyOnce = async (): Promise<void> => {
    expect(await violations(estate.postgres, estate.environment)).toEqual([]);
    expect(await sourceSessions(await estate.source('server01', 'DatabaseA'))).toBe(0);
  };

  it('dies at every point of a chunk in turn, and the run completes by itself', async () => {
    await withWorkflowWorker(estate, async () => {
      const handle = await begin();
      for (const point of chunkPoints) await dieAt(point);
      const worker = startCrashingWorker(estate, 'nowhere');
      expect(await handle.result()).toMatchObject({ chunksDone: 20, chunksParked: 0 });
      await worker.stop();
    });
    expect(await actual()).toBe(await expected());
    await proveExactlyOnce();
  }, 150_000);
});
