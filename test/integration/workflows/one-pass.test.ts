import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../../activities/contract.js';
import { controls, workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { FakeEngine, type FakePlan } from '../../support/fake-activities.js';
import { recordHistories } from '../../support/histories.js';
import { failureOf, startTestTemporal, withWorker } from '../../support/temporal.js';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  temporal = await startTestTemporal();
}, 120_000);
afterAll(() => temporal?.teardown());

const databases = ['A', 'B'].map((database) => ({ target: 't', server: 's1', database }));
let plans = 0;
function engineOf(plan: Partial<FakePlan> = {}): FakeEngine {
  plans += 1;
  return new FakeEngine({
    estate: `scans${plans}`,
    databases,
    chunksPerDatabase: 4,
    perServer: 3,
    ranges: 8,
    exportMs: 30,
    ...plan,
  });
}

function start(): Promise<WorkflowHandle<typeof migrateCategory>> {
  const category = `scanned${plans}`;
  return temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
    taskQueue,
    workflowId: workflowIds.category(category),
    args: [{ category }],
  });
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries += 1) {
    if (tries > 1_200) throw new Error(`Waited too long for ${what}`);
    await sleep(50);
  }
}

/** Waits until nothing has been under way for a second: a pause is on its way to the database for a moment. */
async function quiet(engine: FakeEngine): Promise<void> {
  let since = Date.now();
  while (Date.now() - since < 1_000) {
    if ((engine.inFlight.get('s1') ?? 0) > 0) since = Date.now();
    await sleep(20);
  }
}

describe('a database whose windows are read at once', () => {
  it('has each range read once, under the server’s limit, before the first of its chunks', async () => {
    const engine = engineOf();
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 0);
      expect(engine.published.length).toBeGreaterThan(0);
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 8, chunksParked: 0 });
      await recordHistories(temporal, 'one-pass', [handle.workflowId, `${handle.workflowId}/t/s1/A`]);
    });
    expect(engine.scanned).toHaveLength(16);
    expect(new Set(engine.scanned).size).toBe(16);
    expect([...engine.published].sort()).toEqual(['t/s1/A', 't/s1/B']);
    expect(engine.mostInFlight.get('s1')).toBeLessThanOrEqual(3);
  }, 60_000);

  it('begins no range while it is paused, and reads again what was cut off', async () => {
    const engine = engineOf({ exportMs: 400, databases: databases.slice(0, 1), ranges: 30 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.scanned.length >= 2);
      const release = engine.holdSteps();
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'drain' }] });
      release();
      await quiet(engine);
      const drained = engine.scanned.length;
      await sleep(800);
      expect(engine.scanned).toHaveLength(drained);
      expect(drained).toBeLessThan(30);
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      await until(() => (engine.inFlight.get('s1') ?? 0) > 0);
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] });
      await until(() => (engine.inFlight.get('s1') ?? 0) === 0);
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 4 });
    });
    expect(new Set(engine.scanned).size).toBe(30);
    expect(engine.scanned).toHaveLength(30);
  }, 60_000);

  it('parks its chunks where a range cannot be read, hinders no other, and goes on by retry', async () => {
    const engine = engineOf({ attentionWaitSeconds: 600 });
    engine.failing.add('t/s1/A/range3');
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.inState('NEEDS_ATTENTION') === 4 && engine.inState('DONE') === 4);
      expect(engine.parkedScans).toEqual(['t/s1/A SOURCE_QUERY']);
      engine.failing.clear();
      await handle.signal(controls.retry.signal, { where: {} });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 8, chunksParked: 0 });
    });
    expect(new Set(engine.scanned).size).toBe(16);
    expect(engine.scanned).toHaveLength(16);
  }, 60_000);

  it.each([
    ['the look at what is to be read', 'openScan'],
    ['the publication', 'publishScan'],
  ] as const)(
    'has a pause end %s at once, and comes back to it',
    async (_, name) => {
      const engine = engineOf({ databases: databases.slice(0, 1) });
      const own = engine.activities();
      const calls: string[] = [];
      /** The first call is long. */
      const once = async (): Promise<void> => {
        calls.push('begun');
        if (calls.length > 1) return;
        const { cancelled, heartbeat } = Context.current();
        const beats = setInterval(heartbeat, 200);
        await cancelled
          .catch((error: unknown) => {
            calls.push('cut off');
            throw error;
          })
          .finally(() => clearInterval(beats));
      };
      const long = {
        openScan: async (ref) => once().then(() => own.openScan(ref)),
        publishScan: async (ref) => once().then(() => own.publishScan(ref)),
      } satisfies Partial<Activities>;
      await withWorker(temporal, { ...own, [name]: long[name] }, async () => {
        const handle = await start();
        await until(() => calls.length === 1);
        await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] });
        await until(() => calls.length === 2);
        await sleep(500);
        expect(calls).toEqual(['begun', 'cut off']);
        await handle.executeUpdate(controls.resume.update, { args: [{}] });
        expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 4, chunksParked: 0 });
      });
      expect(calls).toEqual(['begun', 'cut off', 'begun']);
      expect(engine.parkedScans).toEqual([]);
      expect(engine.published).toEqual(['t/s1/A']);
    },
    60_000,
  );

  it('goes on by a retry that comes before the answer to the parking', async () => {
    const engine = engineOf({ attentionWaitSeconds: 600, databases: databases.slice(0, 1) });
    engine.failing.add('t/s1/A/range3');
    const own = engine.activities();
    let retry: () => Promise<void> = async () => undefined;
    const parkScan: Activities['parkScan'] = async (ref) => {
      await own.parkScan(ref);
      engine.failing.clear();
      await retry();
      await until(() => engine.inState('NEEDS_ATTENTION') === 0);
      // The database's workflow hears of it.
      await sleep(1_000);
    };
    await withWorker(temporal, { ...own, parkScan }, async () => {
      const handle = await start();
      retry = () => handle.signal(controls.retry.signal, { where: {} });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 4, chunksParked: 0 });
    });
    expect(engine.scanned).toHaveLength(8);
    expect(engine.published).toEqual(['t/s1/A']);
  }, 60_000);

  it('parks its chunks where what was read is not what was planned', async () => {
    const engine = engineOf({ databases: databases.slice(0, 1) });
    engine.failing.add('publish');
    await withWorker(temporal, engine.activities(), async () => {
      expect(await failureOf(await start())).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    });
    expect(engine.parkedScans).toEqual(['t/s1/A SOURCE_CHANGED']);
    expect(engine.exported).toEqual([]);
  }, 60_000);

  it('stays short of history whatever the number of ranges', async () => {
    const engine = engineOf({ databases: databases.slice(0, 1), ranges: 720, perServer: 20, exportMs: 0 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 4 });
      const executions = temporal.client.workflow.list({
        query: `WorkflowId = '${handle.workflowId}/t/s1/A'`,
      });
      let runs = 0;
      for await (const { workflowId, runId } of executions) {
        runs += 1;
        const { historyLength } = await temporal.client.workflow.getHandle(workflowId, runId).describe();
        expect(historyLength).toBeLessThan(4_096);
      }
      expect(runs).toBeGreaterThan(1);
    });
    expect(engine.scanned).toHaveLength(720);
    expect(new Set(engine.scanned).size).toBe(720);
  }, 120_000);
});
