import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Dependencies } from '../../../activities/dependencies.js';
import { createActivities } from '../../../activities/index.js';
import { parseEnvironment } from '../../../config/environment.js';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { createDependencies } from '../../../workers/dependencies.js';
import { controls, gateStatusQuery, statusQuery, workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { sourceSessions } from '../../support/exactly-once.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';
import { withWorker } from '../../support/temporal.js';

type Handle = WorkflowHandle<typeof migrateCategory>;
const databases = ['DatabaseA', 'DatabaseB'] as const;

/**
 * What an operator does to a running migration, with a sampler that counts the sessions on the source every 50 ms
 * all the while, as the server itself lists them.
 */
describe('steering a run', () => {
  let estate: Estate;
  let sampler: Sampler;
  beforeAll(async () => {
    estate = await startEstate({ servers: { server01: foundingStyles(300).server01 } });
    await addSecondCategory(estate);
    sampler = await startSampler(estate);
  }, 150_000);
  afterAll(async () => {
    await sampler?.stop();
    await estate?.stop();
  });

  const begin = (category: string): Promise<Handle> =>
    estate.temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
      taskQueue,
      workflowId: workflowIds.category(category),
      args: [{ category, jobMode: 'resume' }],
    });
  const limit = async (handle: Handle, server01: number): Promise<void> => {
    await handle.executeUpdate(controls.setConcurrency.update, { args: [{ perServer: { server01 } }] });
  };
  const countdown = async (what: () => boolean | Promise<boolean>, seconds = 60): Promise<void> => {
    const end = Date.now() + seconds * 1000;
    while (!(await what())) {
      if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what}`);
      await delay(25);
    }
  };

  it('never has more sessions on a server than its limit, with two categories, and ends exact', async () => {
    await withSlowSources(estate, async () => {
      const handles = [await begin('cell_perf_stats'), await begin('second')] as const;
      const [one, two] = handles;
      const gate = estate.temporal.client.workflow.getHandle(
        workflowIds.gate(endpointOf(estate, 'server01')),
      );
      await countdown(() => sampler.seen.length > 0 && sampler.now === 1);
      const copying = async (handle: Handle): Promise<boolean> =>
        (await handle.query(statusQuery)).phase === 'COPYING';
      await countdown(async () => (await copying(one)) && (await copying(two)));
      await delay(1_000);
      expect(sampler.most()).toBe(1);

      await limit(one, 8);
      await countdown(() => sampler.now > 4);
      expect((await two.query(statusQuery)).servers[0]).toMatchObject({
        server: 'server01',
        limit: 8,
        now: 8,
      });
      expect(sampler.most()).toBeLessThanOrEqual(8);

      await limit(two, 2);
      // Lowered by drain: the gate counts what was granted before, also where its session is only about to open.
      const granted = async (): Promise<number> => {
        const { limit, members } = await gate.query(gateStatusQuery);
        return limit === 2 ? members.reduce((sum, member) => sum + member.granted, 0) : Infinity;
      };
      await countdown(async () => (await granted()) <= 2);
      sampler.forget();
      // What was exported under the higher limit goes through its other steps first.
      await countdown(() => sampler.now > 0);
      await delay(2_000);
      expect(sampler.most()).toBeLessThanOrEqual(2);

      for (const handle of handles)
        await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'drain' }] });
      await countdown(() => sampler.now === 0);
      sampler.forget();
      await delay(1_000);
      expect(sampler.most()).toBe(0);
      for (const handle of handles) await handle.executeUpdate(controls.resume.update, { args: [{}] });
      await countdown(() => sampler.now > 0);

      for (const handle of handles)
        await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] });
      await countdown(() => sampler.now === 0, 5);
      for (const handle of handles) await handle.executeUpdate(controls.resume.update, { args: [{}] });
      await countdown(() => sampler.now > 0);

      for (const handle of handles)
        await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      await countdown(() => sampler.now === 0, 5);
      for (const handle of handles)
        expect(await handle.result()).toMatchObject({ state: 'STOPPED', chunksParked: 0 });
      expect(sampler.most()).toBeLessThanOrEqual(2);
    });
    const { rows } = await estate.postgres.query(`SELECT count(*) FILTER (WHERE state = 'DONE')::int AS done,
      count(*)::int AS planned FROM migration_control.chunk WHERE category = 'cell_perf_stats'`);
    expect(rows[0].planned).toBe(40);
    expect(rows[0].done).toBeLessThan(40);
    const { rows: runs } = await estate.postgres.query(
      `SELECT category, state FROM migration_control.run ORDER BY 1`,
    );
    expect(runs).toEqual([
      { category: 'cell_perf_stats', state: 'STOPPED' },
      { category: 'second', state: 'STOPPED' },
    ]);

    sampler.forget();
    await estate.run({ category: 'second' });
    await estate.postgres.query(
      `DELETE FROM migration_control.checksum WHERE run_id IN (SELECT run_id FROM migration_control.run WHERE category = 'second')`,
    );
    expect(await estate.run()).toMatchObject({ state: 'COMPLETED', chunksDone: 40 });
    // The limit of the files holds again: the gate that was told otherwise has ended with its last category.
    expect(sampler.most()).toBe(1);
    const sources = await Promise.all(databases.map((name) => estate.source('server01', name)));
    const expected = digest(await joinedRows(sources));
    expect(digest(await targetRows(estate.postgres))).toBe(expected);
    const { rows: second } = await estate.postgres.query(
      'SELECT count(*)::int AS rows FROM mart2.cell_perf_stats',
    );
    expect(second[0].rows).toBe((await targetRows(estate.postgres)).length);
  }, 240_000);
});

function endpointOf(estate: Estate, server: string): string {
  let endpoint: string | undefined;
  estate.configure('config/server-mappings.json', (json) => {
    endpoint = (json.server_mappings as Record<string, string>)[server];
    return json;
  });
  if (endpoint === undefined) throw new Error(`No ${server} in the mappings.`);
  return endpoint;
}

/** The same tables into a table of the same name in other schemas. */
async function addSecondCategory(estate: Estate): Promise<void> {
  const limited = (json: Record<string, unknown>): Record<string, unknown> => ({
    ...json,
    concurrency: { perServer: 1 },
  });
  estate.configure('config/categories/cell_perf_stats.json', (json) => {
    const second = {
      ...limited(json),
      targets: (json.targets as Record<string, unknown>[]).map((target) => ({
        ...target,
        stageSchema: 'stage2',
      })),
      finalize: { enabled: true, targetSchema: 'mart2' },
    };
    estate.writeFile('config/categories/second.json', JSON.stringify(second));
    return limited(json);
  });
  estate.configure('config/migration-parameters/cell_perf_stats.json', (json) => {
    const twentyDays = "data_timestamp >= '2025-01-01' AND data_timestamp < '2025-01-21'";
    const longer = {
      ...json,
      source_filter_cell_performance_data: twentyDays,
      source_filter_ue_statistics_data: twentyDays,
    };
    estate.writeFile('config/migration-parameters/second.json', JSON.stringify(longer));
    return longer;
  });
  estate.configure('config/server-mappings.json', (json) => {
    const categories = json.categories as Record<string, unknown>;
    return { ...json, categories: { ...categories, second: categories.cell_perf_stats } };
  });
  const user = estate.environment.RDS_USER;
  for (const schema of ['stage2', 'mart2'])
    await estate.postgres.query(
      `CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO "${user}"`,
    );
}

interface Sampler {
  readonly seen: readonly number[];
  readonly now: number;
  /** Since the start, or since `forget`. */
  most(): number;
  forget(): void;
  stop(): Promise<void>;
}

async function startSampler(estate: Estate): Promise<Sampler> {
  const pool = await estate.source('server01', 'DatabaseA');
  let seen: number[] = [];
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      seen.push(await sourceSessions(pool));
      await delay(50);
    }
  })();
  return {
    get seen() {
      return seen;
    },
    get now() {
      return seen.at(-1) ?? 0;
    },
    most: () => Math.max(0, ...seen),
    forget: () => {
      seen = [];
    },
    stop: async () => {
      stopped = true;
      await sampling;
    },
  };
}

/** The product's own worker, whose transactions at the source last a while longer. */
async function withSlowSources(estate: Estate, work: () => Promise<void>): Promise<void> {
  const { dependencies, close } = await createDependencies(parseEnvironment(estate.environment), 16);
  try {
    await withWorker(estate.temporal, createActivities(slowed(dependencies)), work);
  } finally {
    await close();
  }
}

function slowed(own: Dependencies): Dependencies {
  return {
    ...own,
    openSource: async (config, source, step) => {
      const session = await own.openSource(config, source, step);
      const inSnapshot = session.inSnapshot.bind(session);
      session.inSnapshot = (level, work) =>
        inSnapshot(level, async (reader) => {
          const result = await work(reader);
          await delay(600, undefined, { signal: step.signal });
          return result;
        });
      return session;
    },
  };
}
