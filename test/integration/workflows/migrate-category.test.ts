import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { controls, statusQuery, workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { chunkId, FakeEngine } from '../../support/fake-activities.js';
import { recordHistories } from '../../support/histories.js';
import { failureOf, startTestTemporal, withWorker } from '../../support/temporal.js';

const database = (server: string, name: string) => ({ target: 't', server, database: name });
const twoServers = [database('s1', 'A'), database('s1', 'B'), database('s2', 'A')];
const [first] = twoServers as [ReturnType<typeof database>];

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  temporal = await startTestTemporal();
}, 120_000);
afterAll(() => temporal?.teardown());

let categories = 0;
async function start(): Promise<WorkflowHandle<typeof migrateCategory>> {
  categories += 1;
  const category = `category${categories}`;
  return temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
    taskQueue,
    workflowId: workflowIds.category(category),
    args: [{ category }],
  });
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 1_500) throw new Error(`Waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('migrateCategory', () => {
  it('copies every chunk once, finalizes, and never exceeds a server limit', async () => {
    const engine = new FakeEngine({
      databases: twoServers,
      chunksPerDatabase: 12,
      perServer: 3,
      exportMs: 20,
    });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      expect(await handle.result()).toMatchObject({ chunksDone: 36, chunksParked: 0 });
      await recordHistories(temporal, 'complete', [handle.workflowId]);
    });
    expect(new Set(engine.exported).size).toBe(36);
    expect(engine.exported).toHaveLength(36);
    expect(Math.max(...engine.mostInFlight.values())).toBeLessThanOrEqual(3);
    expect(engine.finalized).toBe(1);
    expect(engine.reports).toEqual([{ state: 'COMPLETED' }]);
  });

  it('refuses to run under another workflow id', async () => {
    const engine = new FakeEngine({ databases: twoServers, chunksPerDatabase: 1, perServer: 1 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
        taskQueue,
        workflowId: 'something-else',
        args: [{ category: 'c' }],
      });
      expect(await failureOf(handle)).toMatchObject({
        type: 'WORKFLOW_ID',
        message: /--workflow-id migrate\/c\b/ as never,
      });
    });
    expect(engine.exported).toEqual([]);
  });

  it('cannot run twice at once', async () => {
    const engine = new FakeEngine({ databases: [first], chunksPerDatabase: 3, perServer: 1, exportMs: 200 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      const again = temporal.client.workflow.start('migrateCategory', {
        taskQueue,
        workflowId: handle.workflowId,
        args: [{ category: handle.workflowId.split('/')[1] }],
      });
      await expect(again).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
      await handle.result();
    });
  });

  it('parks a failing chunk, copies all others, and fails listing it when nobody is to be waited for', async () => {
    const engine = new FakeEngine({ databases: twoServers, chunksPerDatabase: 4, perServer: 2 });
    engine.failing.add(chunkId(first, 1));
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      expect(await failureOf(handle)).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
    });
    expect(engine.exported).toHaveLength(11);
    expect(engine.states.get(chunkId(first, 1))?.state).toBe('NEEDS_ATTENTION');
    expect(engine.finalized).toBe(0);
    expect(engine.reports.map(({ state }) => state)).toEqual(['FAILED']);
  });

  it('waits for retry and skip of parked chunks, and tells of a chunk that it does not know', async () => {
    const engine = new FakeEngine({
      databases: [first],
      chunksPerDatabase: 5,
      perServer: 2,
      attentionWaitSeconds: 600,
    });
    for (const ordinal of [1, 3]) engine.failing.add(chunkId(first, ordinal));
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(async () => (await handle.query(statusQuery)).phase === 'NEEDS_ATTENTION');
      expect(await handle.query(statusQuery)).toMatchObject({ chunks: { parked: 2, done: 3 } });
      await handle.signal(controls.retry.signal, { chunk: 'no/such/chunk/w9' });
      await until(async () => (await handle.query(statusQuery)).warnings.length === 1);
      await handle.signal(controls.skip.signal, { chunk: chunkId(first, 3), reason: 'known to be broken' });
      engine.failing.clear();
      await handle.signal(controls.retry.signal, { chunk: chunkId(first, 1) });
      expect(await handle.result()).toMatchObject({ chunksDone: 4, chunksSkipped: 1, chunksParked: 0 });
      await recordHistories(temporal, 'parked', [handle.workflowId, `${handle.workflowId}/t/s1/A`]);
    });
    expect(engine.finalized).toBe(1);
  });

  it('reports CANCELLED and leaves nothing running when it is cancelled', async () => {
    const engine = new FakeEngine({
      databases: twoServers,
      chunksPerDatabase: 50,
      perServer: 2,
      exportMs: 100,
    });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 3);
      await handle.cancel();
      expect((await failureOf(handle)).type).toMatch(/Cancel/);
      const child = temporal.client.workflow.getHandle(`${handle.workflowId}/t/s1/A`);
      expect((await child.describe()).status.name).toBe('CANCELLED');
    });
    expect(engine.reports.map(({ state }) => state)).toEqual(['CANCELLED']);
    expect(engine.inState('PENDING')).toBeGreaterThan(50);
  });

  it('continues a database as new in the middle of its chunks, and runs each of them once', async () => {
    // Each chunk leaves at least three events; an idle server puts the rest of many chunks into one workflow task.
    const engine = new FakeEngine({ databases: [first], chunksPerDatabase: 700, perServer: 20 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      expect(await handle.result()).toMatchObject({ chunksDone: 700 });
      const child = await temporal.client.workflow.getHandle(`${handle.workflowId}/t/s1/A`).describe();
      expect(child.historyLength).toBeLessThan(4_096);
      const executions = temporal.client.workflow.list({
        query: `WorkflowId = '${handle.workflowId}/t/s1/A'`,
      });
      let runs = 0;
      for await (const execution of executions) runs += execution.runId === '' ? 0 : 1;
      expect(runs).toBeGreaterThan(1);
    });
    expect(new Set(engine.exported).size).toBe(700);
    expect(engine.exported).toHaveLength(700);
  }, 180_000);

  it('continues a category as new with its controls, and plans and copies each database once', async () => {
    const databases = Array.from({ length: 240 }, (_, index) => database(`s${index % 8}`, `D${index}`));
    const engine = new FakeEngine({ estate: 'many', databases, chunksPerDatabase: 1, perServer: 8 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 3);
      await handle.executeUpdate(controls.pause.update, { args: [{ scope: { database: 'D239' } }] });
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ total: 40 }] });
      engine.revised = { perServer: 7 };
      await handle.executeUpdate(controls.reload.update, { args: [{}] });
      await until(async () => (await executionsOf(handle.workflowId)).length > 1);
      await until(async () => (await handle.query(statusQuery)).phase !== 'OPENING');
      expect(await handle.query(statusQuery)).toMatchObject({
        total: 40,
        pauses: [{ mode: 'drain', scope: { database: 'D239' }, by: 'operator' }],
      });
      // The gates tell the new execution too what was reloaded.
      await until(async () => (await handle.query(statusQuery)).servers.every(({ limit }) => limit === 7));
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 240 });
      for (const events of await executionsOf(handle.workflowId)) expect(events).toBeLessThan(4_096);
    });
    expect(engine.planned).toBe(240);
    // Those that were halted between two steps come by their export again, where a real one is found done.
    expect(new Set(engine.exported).size).toBe(240);
    expect(engine.finalized).toBe(1);
  }, 240_000);
});

/** The events of every execution of a workflow. */
async function executionsOf(workflowId: string): Promise<readonly number[]> {
  const events: number[] = [];
  for await (const execution of temporal.client.workflow.list({ query: `WorkflowId = '${workflowId}'` }))
    events.push(execution.historyLength);
  return events;
}
