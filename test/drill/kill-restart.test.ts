import type { WorkflowHandle } from '@temporalio/client';
import { foundingStyles } from '../../sandbox/seed/founding-servers.js';
import { workflowIds } from '../../workflows/messages.js';
import type { migrateCategory } from '../../workflows/migrate-category.js';
import { taskQueue } from '../../workflows/options.js';
import { type CrashPointName, chunkPoints } from '../support/crash-points.js';
import { startCrashingWorker, withWorkflowWorker } from '../support/crashing-worker.js';
import { type Estate, startEstate } from '../support/estate.js';
import { sourceSessions, violations } from '../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../support/independent-join.js';

/**
 * A worker process kills itself (SIGKILL) before and after each side effect of a restart; an operator terminates
 * what is left of the run and starts the category again in resume.
 */
describe('a restart killed at a named point', () => {
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
    await estate.run();
  }, 150_000);
  afterAll(() => estate?.stop());

  const begin = (): Promise<WorkflowHandle<typeof migrateCategory>> =>
    estate.temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
      taskQueue,
      workflowId: workflowIds.category('cell_perf_stats'),
      args: [{ category: 'cell_perf_stats', jobMode: 'restart' }],
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

  it.each<CrashPointName>([
    ...chunkPoints,
    'target built, waiting to swap',
    'target swapped, not recorded',
    'report written, run not ended',
    'removal committed',
  ])(
    'at "%s": resume completes it',
    async (point) => {
      await changeSource();
      await withWorkflowWorker(estate, async () => {
        const handle = await begin();
        await dieAt(point);
        await handle.terminate('the drill gives up on it');
      });
      await estate.run({ jobMode: 'resume' });
      expect(await actual()).toBe(await expected());
      await proveExactlyOnce();
    },
    90_000,
  );

  it.each<CrashPointName>(['removal not committed'])(
    'at "%s": resume leaves all as it was, restart makes it new',
    async (point) => {
      const before = await actual();
      await changeSource();
      await withWorkflowWorker(estate, async () => {
        const handle = await begin();
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
