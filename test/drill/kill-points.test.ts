import type { WorkflowHandle } from '@temporalio/client';
import { foundingStyles } from '../../sandbox/seed/founding-servers.js';
import { workflowIds } from '../../workflows/messages.js';
import type { migrateCategory } from '../../workflows/migrate-category.js';
import { taskQueue } from '../../workflows/options.js';
import type { CrashPointName } from '../support/crash-points.js';
import { startCrashingWorker, withWorkflowWorker } from '../support/crashing-worker.js';
import { type Estate, startEstate } from '../support/estate.js';
import { sourceSessions, violations } from '../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../support/independent-join.js';

/**
 * A worker process kills itself (SIGKILL) before and after each side effect. Some runs then go on by themselves;
 * others are terminated and started again, as an operator would. No test touches a row more than once apart from
 * the product.
 */
describe('a worker killed at a named point', () => {
  const databases = ['DatabaseA', 'DatabaseB'] as const;
  let estate: Estate;
  let changes = 0;
  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: foundingStyles(200).server01 } });
    // What a dead worker had under way is tried again after 20 s without a heartbeat; others go on meanwhile.
    estate.configure('config/categories/cell_perf_stats.json', (json) => ({
      ...json,
      concurrency: { perServer: 20 },
    }));
  }, 120_000);
  afterAll(() => estate?.stop());

  const begin = (jobMode: 'resume' | 'restart'): Promise<WorkflowHandle<typeof migrateCategory>> =>
    estate.temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
      taskQueue,
      workflowId: workflowIds.category('cell_perf_stats'),
      args: [{ category: 'cell_perf_stats', jobMode }],
    });
  const expected = async (): Promise<string> =>
    digest(await joinedRows(await Promise.all(databases.map((name) => estate.source('server01', name)))));
  const actual = async (): Promise<string> => digest(await targetRows(estate.postgres));

  /** Every day of a database becomes another, so that parts of an earlier run would show. */
  const changeSource = async (): Promise<void> => {
    changes += 1;
    const source = await estate.source('server01', 'DatabaseA');
    await source.request().query(`UPDATE dbo.cell_performance_data SET dropped_calls_total = ${changes}`);
  };
  const dieAt = async (point: CrashPointName): Promise<void> => {
    expect(await startCrashingWorker(estate, point).ended).toBe('SIGKILL');
  };
  const proveExactlyOnce = async (): Promise<void> => {
    expect(await violations(estate.postgres, estate.environment)).toEqual([]);
    expect(await sourceSessions(await estate.source('server01', 'DatabaseA'))).toBe(0);
  };

  const chunkPoints = [
    'raw parts uploaded, no manifest',
    'first raw manifest of two',
    'both raw manifests, no answer',
    'transformed parts uploaded, no manifest',
    'transformed manifest, no answer',
    'in the middle of COPY',
    'after COPY, before the commit',
    'after the commit, no answer',
  ] as const;

  it('dies at every point of a chunk in turn, and the run completes by itself', async () => {
    await withWorkflowWorker(estate, async () => {
      const handle = await begin('resume');
      for (const point of chunkPoints) await dieAt(point);
      const worker = startCrashingWorker(estate, 'nowhere');
      expect(await handle.result()).toMatchObject({ chunksDone: 20, chunksParked: 0 });
      await worker.stop();
    });
    expect(await actual()).toBe(await expected());
    await proveExactlyOnce();
  }, 150_000);

  it.each<CrashPointName>([
    ...chunkPoints,
    'target built, waiting to swap',
    'target swapped, not recorded',
    'report written, run not ended',
    'removal committed',
  ])(
    'dies with "%s" in a restart, is terminated, and resume completes it',
    async (point) => {
      await changeSource();
      await withWorkflowWorker(estate, async () => {
        const handle = await begin('restart');
        await dieAt(point);
        await handle.terminate('the drill gives up on it');
      });
      await estate.run({ jobMode: 'resume' });
      expect(await actual()).toBe(await expected());
      await proveExactlyOnce();
    },
    90_000,
  );

  it.each<CrashPointName>(['removal not committed', 'manifests half forgotten'])(
    'dies with "%s" in a restart: a resume leaves all as it was, a restart makes it new',
    async (point) => {
      const before = await actual();
      await changeSource();
      await withWorkflowWorker(estate, async () => {
        const handle = await begin('restart');
        await dieAt(point);
        await handle.terminate('the drill gives up on it');
      });
      await estate.run({ jobMode: 'resume' });
      expect(await actual()).toBe(before);
      await estate.run({ jobMode: 'restart' });
      expect(await actual()).toBe(await expected());
      await proveExactlyOnce();
    },
    90_000,
  );
});
