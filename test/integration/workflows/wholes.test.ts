import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { controls, statusQuery, workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { chunkId, FakeEngine, type FakePlan } from '../../support/fake-activities.js';
import { recordHistories } from '../../support/histories.js';
import { startTestTemporal, withWorker } from '../../support/temporal.js';

type Handle = WorkflowHandle<typeof migrateCategory>;

const database = (server: string, name: string) => ({ target: 't', server, database: name });
const databases = [database('s1', 'A'), database('s1', 'B'), database('s2', 'A')];

jest.setTimeout(100_000);

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  temporal = await startTestTemporal();
}, 120_000);
afterAll(() => temporal?.teardown());

let runs = 0;
async function start(category = `whole${++runs}`): Promise<Handle> {
  return temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
    taskQueue,
    workflowId: workflowIds.category(category),
    args: [{ category }],
  });
}

let plans = 0;
function engineOf(plan: Partial<FakePlan> = {}): FakeEngine {
  plans += 1;
  return new FakeEngine({
    estate: `wholes${plans}`,
    databases,
    chunksPerDatabase: 4,
    perServer: 2,
    scope: 'category',
    ...plan,
  });
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 1_600) throw new Error(`Waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const phaseOf = async (handle: Handle): Promise<string> => (await handle.query(statusQuery)).phase;
const completed = { state: 'COMPLETED', chunksDone: 12, chunksParked: 0 };

describe('a whole', () => {
  it('by category is transformed once, when every chunk of every database is exported, and then loaded', async () => {
    const engine = engineOf();
    await withWorker(temporal, engine.activities(), async () => {
      expect(await (await start()).result()).toMatchObject(completed);
    });
    expect(engine.wholes.map((chunks) => chunks.length)).toEqual([12]);
    expect(engine.exported).toHaveLength(12);
    expect(engine.transformed).toEqual([]);
  });

  it('by database is transformed for each, and one that fails parks its own chunks only', async () => {
    const engine = engineOf({ scope: 'database', attentionWaitSeconds: 60 });
    engine.failing.add('s2');
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(async () => (await phaseOf(handle)) === 'NEEDS_ATTENTION');
      expect([engine.inState('DONE'), engine.inState('NEEDS_ATTENTION')]).toEqual([8, 4]);
      engine.failing.clear();
      await handle.executeUpdate(controls.retry.update, { args: [{ where: {} }] });
      expect(await handle.result()).toMatchObject(completed);
    });
    expect(engine.wholes.map((chunks) => chunks.length)).toEqual([4, 4, 4, 4]);
  });

  it('waits for chunks whose export is parked, and goes on without those that are skipped', async () => {
    const engine = engineOf({ attentionWaitSeconds: 60 });
    const [retried, skipped] = [chunkId(database('s1', 'B'), 1), chunkId(database('s2', 'A'), 3)];
    engine.failing.add(retried).add(skipped);
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(async () => (await phaseOf(handle)) === 'NEEDS_ATTENTION');
      expect(engine.wholes).toEqual([]);
      engine.failing.clear();
      await handle.executeUpdate(controls.retry.update, { args: [{ chunk: retried }] });
      await until(() => engine.exported.includes(retried));
      await until(async () => (await phaseOf(handle)) === 'NEEDS_ATTENTION');
      expect(engine.wholes).toEqual([]);
      await handle.executeUpdate(controls.skip.update, { args: [{ chunk: skipped, reason: 'agreed' }] });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 11, chunksSkipped: 1 });
      await recordHistories(temporal, 'whole', [handle.workflowId, `${handle.workflowId}/t/s1/B`]);
      expect((await handle.query(statusQuery)).warnings).toEqual([
        expect.stringMatching(/^t: 1 skipped chunks took no part in the transform/),
      ]);
    });
    expect(engine.wholes.map((chunks) => chunks.length)).toEqual([11]);
    expect(engine.exported).toHaveLength(11);
  });

  it('fails the run where it cannot be transformed and has no chunk that could be parked', async () => {
    const engine = engineOf();
    for (const [id, chunk] of engine.states) {
      chunk.state = 'DONE';
      engine.exported.push(id);
    }
    engine.failing.add('t');
    await withWorker(temporal, engine.activities(), async () => {
      const failure = await (await start()).result().catch(({ cause }: Error) => cause);
      expect(failure).toMatchObject({
        type: 'JOIN_FANOUT',
        message: expect.stringMatching(/broken on purpose.*No chunk of the whole is pending/),
      });
    });
    expect(engine.finalized).toBe(0);
  });

  it('is transformed without a chunk that was skipped while another whole was still exported', async () => {
    const engine = engineOf({ scope: 'database', exportMs: 2_000 });
    const own = (id: string) => id.startsWith('t/s2/A/');
    const skipped = chunkId(database('s2', 'A'), 3);
    for (const [id, chunk] of engine.states) {
      if (!own(id) || id === skipped) continue;
      chunk.state = 'DONE';
      engine.exported.push(id);
    }
    engine.failing.add(skipped);
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.inState('NEEDS_ATTENTION') === 1);
      await until(() => engine.held === 1);
      await handle.executeUpdate(controls.skip.update, { args: [{ chunk: skipped, reason: 'agreed' }] });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 11, chunksSkipped: 1 });
    });
    expect(engine.wholes.filter((chunks) => chunks.every(own)).map((chunks) => chunks.length)).toEqual([3]);
  });

  it('is interrupted by a pause now, begun again by a resume, and left alone by a pause that drains', async () => {
    const engine = engineOf({ wholeMs: 3_000 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.wholes.length === 1);
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] });
      await until(() => engine.interrupted === 1);
      expect(engine.inState('DONE')).toBe(0);
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      await until(() => engine.wholes.length === 2);
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'drain' }] });
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      expect([engine.interrupted, engine.inState('DONE')]).toEqual([1, 0]);
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      expect(await handle.result()).toMatchObject(completed);
    });
    expect(engine.wholes).toHaveLength(2);
    expect(engine.exported).toHaveLength(12);
  });

  it('is cut short by a stop now, and the next run exports nothing again', async () => {
    const engine = engineOf({ wholeMs: 20_000 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.wholes.length === 1);
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      expect(await handle.result()).toMatchObject({ state: 'STOPPED', chunksDone: 0, chunksParked: 0 });
      expect(engine.interrupted).toBe(1);
    });
    const next = engineOf();
    for (const id of engine.exported) next.exported.push(id);
    await withWorker(temporal, next.activities(), async () => {
      expect(await (await start()).result()).toMatchObject(completed);
    });
    expect(next.exported).toHaveLength(12);
  });
});
