import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  type CategoryStatus,
  controls,
  gateStatusQuery,
  statusQuery,
  workflowIds,
} from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { chunkId, FakeEngine, type FakePlan } from '../../support/fake-activities.js';
import { recordHistories } from '../../support/histories.js';
import { startTestTemporal, withWorker } from '../../support/temporal.js';

const database = (server: string, name: string) => ({ target: 't', server, database: name });
const first = database('s1', 'A');
const threeDatabases = [first, database('s1', 'B'), database('s2', 'A')];

jest.setTimeout(150_000);

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  temporal = await startTestTemporal();
}, 120_000);
afterAll(() => temporal?.teardown());

// What a failed test leaves would run on with the next one's activities.
afterEach(async () => {
  for await (const { workflowId } of temporal.client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
    await temporal.client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
});

type Handle = WorkflowHandle<typeof migrateCategory>;
let categories = 0;
async function start(): Promise<Handle> {
  categories += 1;
  const category = `controlled${categories}`;
  return temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
    taskQueue,
    workflowId: workflowIds.category(category),
    args: [{ category }],
  });
}
const restart = (handle: Handle): Promise<Handle> =>
  temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
    taskQueue,
    workflowId: handle.workflowId,
    args: [{ category: handle.workflowId.replace('migrate/', '') }],
  });

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries += 1) {
    if (tries > 2_000) throw new Error(`Waited too long for ${what}`);
    await sleep(25);
  }
}
/** Until nothing has been exported for longer than a pause takes to reach every database. */
async function quiet(engine: FakeEngine): Promise<void> {
  for (let before = -1; before !== engine.exported.length || sessions(engine) > 0; await sleep(2_000))
    before = engine.exported.length;
}
const status = (handle: Handle): Promise<CategoryStatus> => handle.query(statusQuery);
const limitOf = async (handle: Handle, server: string): Promise<number | undefined> =>
  (await status(handle)).servers.find((candidate) => candidate.server === server)?.limit;
const sessions = (engine: FakeEngine): number =>
  [...engine.inFlight.values()].reduce((sum, count) => sum + count, 0);
const refusal = async (update: Promise<unknown>): Promise<string> => {
  try {
    await update;
  } catch (error) {
    return (error as Error & { cause?: Error }).cause?.message ?? (error as Error).message;
  }
  throw new Error('The update was not refused.');
};

let plans = 0;
function engineOf(plan: Partial<FakePlan> = {}): FakeEngine {
  plans += 1;
  return new FakeEngine({
    estate: `estate${plans}`,
    databases: threeDatabases,
    chunksPerDatabase: 30,
    perServer: 2,
    exportMs: 60,
    ...plan,
  });
}

describe('pause', () => {
  it('lets running steps finish and starts none, with drain, and goes on where it was', async () => {
    const engine = engineOf({ exportMs: 300, chunksPerDatabase: 6 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length >= 2 && sessions(engine) > 0);
      const release = engine.holdSteps();
      const answer = await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'drain' }] });
      release();
      expect(answer.pauses).toEqual([{ mode: 'drain', scope: {}, by: 'operator' }]);
      await quiet(engine);
      const paused = [engine.exported.length, engine.transformed.length];
      expect(engine.exported.length).toBeLessThan(18);
      await sleep(700);
      expect([engine.exported.length, engine.transformed.length]).toEqual(paused);
      await handle.signal(controls.resume.signal);
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 18, chunksParked: 0 });
      await recordHistories(temporal, 'paused', [handle.workflowId, `${handle.workflowId}/t/s1/A`]);
    });
  });

  it('cancels running steps, with now, and does them again', async () => {
    const engine = engineOf({ exportMs: 30_000, chunksPerDatabase: 1 });
    const plan = engine as unknown as { plan: { exportMs: number } };
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => sessions(engine) === 3);
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] });
      const began = Date.now();
      await until(() => sessions(engine) === 0);
      expect(Date.now() - began).toBeLessThan(5_000);
      expect(engine.inState('PENDING')).toBe(3);
      plan.plan.exportMs = 10;
      await handle.executeUpdate(controls.resume.update, { args: [{}] });
      expect(await handle.result()).toMatchObject({ state: 'COMPLETED', chunksDone: 3, chunksParked: 0 });
    });
  });

  it('holds only its scope, and an inner resume is told of the wider pause', async () => {
    const engine = engineOf({ exportMs: 20 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      const from = (server: string): number =>
        engine.exported.filter((id) => id.startsWith(`t/${server}/`)).length;
      await until(() => from('s1') > 0);
      await handle.signal(controls.pause.signal, { mode: 'drain', scope: { server: 's1' } });
      await until(() => from('s2') === 30);
      expect(from('s1')).toBeLessThan(60);
      const inner = handle.executeUpdate(controls.resume.update, {
        args: [{ scope: { server: 's1', database: 'A' } }],
      });
      expect(await refusal(inner)).toContain("paused as part of 'server s1'");
      await handle.executeUpdate(controls.resume.update, { args: [{ scope: { server: 's1' } }] });
      expect(await handle.result()).toMatchObject({ chunksDone: 90 });
    });
  });

  it('of the hours is lifted by the hours, and leaves what an operator paused', async () => {
    const engine = engineOf();
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'drain' }] });
      await handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now', by: 'hours' }] });
      const after = await handle.executeUpdate(controls.resume.update, { args: [{ by: 'hours' }] });
      expect(after.pauses).toEqual([{ mode: 'drain', scope: {}, by: 'operator' }]);
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      await handle.result();
    });
  });
});

describe('the details that the Web UI shows', () => {
  it('tell in the middle of a run how far each server is, and what holds it', async () => {
    const engine = engineOf({ exportMs: 200, chunksPerDatabase: 12 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.inState('DONE') > 2);
      const pause = { mode: 'drain', scope: { server: 's2' } } as const;
      await handle.executeUpdate(controls.pause.update, { args: [pause] });
      const details = async (): Promise<string> =>
        (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
      await until(async () => (await details()).includes('paused (drain): server s2'));
      const shown = await details();
      expect(shown).toMatch(/^\*\*COPYING\*\*/);
      expect(shown).toContain('| server | sessions | chunks done |');
      for (const server of ['s1', 's2']) expect(shown).toContain(`| ${server} | 2 |`);
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      await handle.result();
    });
  });
});

describe('setConcurrency', () => {
  it('is kept for the source once there is somewhere to keep it', async () => {
    const engine = engineOf({ exportMs: 500, perServer: 1, limitsRefused: 1 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ perServer: { s1: 8 } }] });
      const kept = (): number => engine.limits.filter(({ limit }) => limit === 8).length;
      // Refused once, and told again.
      await until(() => kept() >= 2);
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      await handle.result();
      expect(kept()).toBe(2);
    });
  });

  it('raises at once, lowers by drain, and is never exceeded', async () => {
    const engine = engineOf({ chunksPerDatabase: 25, perServer: 1, exportMs: 1_200 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 2 && engine.limits.length === 2);
      expect(Math.max(...engine.mostInFlight.values())).toBe(1);
      const release = engine.holdSteps();
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ perServer: { s1: 8 } }] });
      await until(() => engine.inFlight.get('s1') === 8);
      expect(await limitOf(handle, 's1')).toBe(8);
      expect(engine.mostInFlight.get('s2')).toBe(1);
      release();
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ perServer: { '*': 2 } }] });
      await until(async () => (await limitOf(handle, 's1')) === 2);
      await until(() => (engine.inFlight.get('s1') ?? 0) <= 2);
      engine.mostInFlight.clear();
      expect(await handle.result()).toMatchObject({ chunksDone: 75 });
      expect(engine.limits.map(({ limit }) => limit)).toEqual([1, 1, 8, 2, 2]);
      await recordHistories(temporal, 'limited', [
        handle.workflowId,
        workflowIds.gate(`estate${plans}-s1:1433`),
        `${handle.workflowId}/t/s1/A`,
      ]);
    });
    expect(Math.max(...engine.mostInFlight.values())).toBeLessThanOrEqual(2);
  });

  it('bounds a category over all of its servers, exactly, and lets go again', async () => {
    const engine = engineOf({ perServer: 4, chunksPerDatabase: 20, exportMs: 400 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => sessions(engine) >= 6);
      const release = engine.holdSteps();
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ total: 2 }] });
      release();
      // Exports that had their turn before may begin a moment later: what ends together looks like fewer for that long.
      let few = Date.now();
      await until(() => {
        if (sessions(engine) > 2) few = Date.now();
        return Date.now() - few > 1_000;
      });
      await until(() => sessions(engine) > 0);
      let most = 0;
      for (let sample = 0; sample < 80; sample += 1) {
        most = Math.max(most, sessions(engine));
        await sleep(20);
      }
      expect(most).toBeLessThanOrEqual(2);
      const releaseAll = engine.holdSteps();
      await handle.executeUpdate(controls.setConcurrency.update, { args: [{ total: null }] });
      await until(() => sessions(engine) > 4);
      releaseAll();
      expect(await handle.result()).toMatchObject({ chunksDone: 60 });
    });
  });

  it('is one limit for all categories that read a server', async () => {
    const engine = engineOf({ perServer: 3, databases: [first], chunksPerDatabase: 25, exportMs: 300 });
    // Two categories over one fake: their chunks are the same, so each is exported by both.
    const all = { planned: 25, done: 25, parked: 0, skipped: 0 };
    const activities = engine.activities();
    const readProgress = async (run: { runId: string }) => ({
      ...(await activities.readProgress(run)),
      chunks: all,
    });
    await withWorker(temporal, { ...activities, readProgress }, async () => {
      const handles = [await start(), await start()];
      await until(() => engine.exported.length > 5);
      const gate = temporal.client.workflow.getHandle(workflowIds.gate(`estate${plans}-s1:1433`));
      expect(await gate.query(gateStatusQuery)).toMatchObject({ limit: 3, members: [{}, {}] });
      for (const handle of handles) await handle.result();
      await until(async () => (await gate.describe()).status.name === 'COMPLETED');
    });
    expect(engine.mostInFlight.get('s1')).toBeGreaterThan(1);
    expect(engine.mostInFlight.get('s1')).toBeLessThanOrEqual(3);
  });

  it('gives what a terminated category held to the next, once it is gone', async () => {
    const engine = engineOf({ perServer: 1, databases: [first], chunksPerDatabase: 3, exportMs: 60_000 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => sessions(engine) === 1);
      await handle.terminate('by hand');
      (engine as unknown as { plan: { exportMs: number } }).plan.exportMs = 10;
      const again = await restart(handle);
      expect(await again.result()).toMatchObject({ chunksDone: 3 });
    });
    expect(engine.mostInFlight.get('s1')).toBe(1);
  }, 120_000);
});

describe('reload', () => {
  it('takes over a limit and a guard, which begins anew', async () => {
    const engine = engineOf({
      databases: [first],
      chunksPerDatabase: 40,
      perServer: 2,
      exportMs: 400,
      verdicts: [],
    });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.watches === 1 && engine.exported.length > 0);
      const release = engine.holdSteps();
      engine.revised = { perServer: 6, threshold: 20 };
      expect(await handle.executeUpdate(controls.reload.update, { args: [{}] })).toEqual({
        fields: ['perServer', 'threshold'],
      });
      // One of the six sessions is the guard's, which begins anew with its new threshold.
      await until(() => engine.inFlight.get('s1') === 5);
      await until(() => engine.watches === 2);
      expect(await limitOf(handle, 's1')).toBe(6);
      release();
      await handle.executeUpdate(controls.reload.update, { args: [{}] });
      expect(await handle.result()).toMatchObject({ chunksDone: 40 });
      expect(engine.watches).toBe(2);
    });
  });

  it('shortens the wait for parked chunks while the run waits', async () => {
    const engine = engineOf({ databases: [first], chunksPerDatabase: 2, attentionWaitSeconds: 86_400 });
    engine.failing.add(chunkId(first, 1));
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(async () => (await handle.query(statusQuery)).phase === 'NEEDS_ATTENTION');
      engine.revised = { attentionWaitSeconds: 1 };
      await handle.signal(controls.reload.signal);
      await expect(handle.result()).rejects.toThrow();
      expect(engine.reports).toMatchObject([
        { state: 'FAILED', failure: expect.stringContaining('1 chunks') },
      ]);
    });
  });

  it('is refused with the reason, as a signal by a warning, and changes nothing', async () => {
    const engine = engineOf({ databases: [first], chunksPerDatabase: 12, perServer: 1, exportMs: 300 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 0);
      engine.revised = 'input_partition takes effect on the next run.';
      expect(await refusal(handle.executeUpdate(controls.reload.update, { args: [{}] }))).toContain(
        'takes effect on the next run',
      );
      await handle.signal(controls.reload.signal);
      await until(async () => (await handle.query(statusQuery)).warnings.length > 0);
      expect((await handle.query(statusQuery)).warnings[0]).toContain('reload: input_partition');
      expect(await limitOf(handle, 's1')).toBe(1);
      expect(await refusal(handle.executeUpdate('reload', { args: [{ all: true }] }))).toContain(
        "unknown field 'all'; allowed: none",
      );
      expect(await handle.result()).toMatchObject({ chunksDone: 12 });
    });
  });
});

describe('the guard of a source', () => {
  it('shrinks the limit, pauses, and lets it grow back, saying why', async () => {
    const shrink = { verdict: 'shrink', value: 57, cause: 'active requests: 57, above 40' } as const;
    const grow = { verdict: 'grow', value: 3, cause: 'active requests: 3, below 30' } as const;
    const engine = engineOf({
      databases: [first],
      chunksPerDatabase: 60,
      perServer: 5,
      verdicts: [shrink, shrink, shrink, grow],
    });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      const seen = new Set<string>();
      await until(async () => {
        const [server] = (await status(handle)).servers;
        seen.add(`${server?.now} of ${server?.limit} ${server?.cause ?? ''}`);
        return seen.has('2 of 5 active requests: 3, below 30');
      });
      expect([...seen]).toContain('1 of 5 active requests: 57, above 40');
      expect(
        await refusal(
          handle.executeUpdate(controls.setConcurrency.update, { args: [{ perServer: { s1: 1 } }] }),
        ),
      ).toContain('s1 has a guard');
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      expect((await handle.result()).state).toBe('STOPPED');
    });
    expect(engine.mostInFlight.get('s1')).toBeLessThanOrEqual(4);
  });
});

describe('stop', () => {
  it.each(['now', 'drain'] as const)(
    'ends everything cleanly with %s, reports, and a later start goes on',
    async (mode) => {
      const engine = engineOf({ exportMs: 150, chunksPerDatabase: 8 });
      await withWorker(temporal, engine.activities(), async () => {
        const handle = await start();
        await until(() => engine.exported.length > 3);
        await handle.executeUpdate(controls.stop.update, { args: [{ mode }] });
        expect(await handle.result()).toMatchObject({ state: 'STOPPED' });
        expect(sessions(engine)).toBe(0);
        expect(engine.finalized).toBe(0);
        expect(engine.inState('PENDING')).toBeGreaterThan(0);
        expect(engine.inState('NEEDS_ATTENTION')).toBe(0);
        expect(await (await restart(handle)).result()).toMatchObject({ state: 'COMPLETED', chunksDone: 24 });
      });
      expect(engine.reports.map(({ state }) => state)).toEqual(['STOPPED', 'COMPLETED']);
    },
  );

  it('frees the sources within five seconds', async () => {
    const engine = engineOf({ exportMs: 60_000 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => sessions(engine) > 2);
      await handle.signal(controls.stop.signal, { mode: 'now' });
      const began = Date.now();
      await until(() => sessions(engine) === 0);
      expect(Date.now() - began).toBeLessThan(5_000);
      expect((await handle.result()).state).toBe('STOPPED');
    });
  });
});

describe('retry', () => {
  it('takes a parked chunk up again while the others still run', async () => {
    const engine = engineOf({ databases: [first], chunksPerDatabase: 40, attentionWaitSeconds: 600 });
    const broken = chunkId(first, 1);
    engine.failing.add(broken);
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.inState('NEEDS_ATTENTION') === 1);
      engine.failing.clear();
      expect(await handle.executeUpdate(controls.retry.update, { args: [{ chunk: broken }] })).toEqual({
        resolved: 1,
        parked: 0,
      });
      await until(() => engine.states.get(broken)?.state === 'DONE');
      expect(engine.inState('PENDING')).toBeGreaterThan(0);
      expect(await handle.result()).toMatchObject({ chunksDone: 40 });
    });
    expect(engine.exported).toHaveLength(40);
  });
});

describe('a message that cannot be obeyed', () => {
  it('is rejected with its reason as an update, and ignored with a warning as a signal', async () => {
    const engine = engineOf({ exportMs: 200 });
    await withWorker(temporal, engine.activities(), async () => {
      const handle = await start();
      await until(() => engine.exported.length > 0);
      const updates = [
        [controls.pause.update, { mode: 'fast' }, "'mode' must be 'drain' or 'now'"],
        [
          controls.pause.update,
          { mode: 'now', scope: { server: 's9' } },
          "there is no server 's9' in this run; it has: s1, s2",
        ],
        [
          controls.pause.update,
          { mode: 'now', scope: { server: 's2', database: 'B' } },
          'no database of this run is all of that',
        ],
        [controls.pause.update, { mod: 'now' }, "unknown field 'mod'; allowed: mode, scope, by"],
        [controls.setConcurrency.update, { total: 0 }, "'total' must be a whole number from 1 to"],
        [
          controls.setConcurrency.update,
          { perServer: { s1: 1e9 } },
          "'perServer.s1' must be a whole number from 1 to",
        ],
        [controls.setConcurrency.update, { perServer: 4 }, "'perServer' must be an object"],
        [controls.setConcurrency.update, 7, 'a JSON object is needed'],
        [controls.retry.update, {}, "either 'chunk' or 'where' is needed"],
        [controls.retry.update, { chunk: 'x' }, '<target>/<server>/<database>/<window>'],
        [controls.retry.update, { chunk: 't/s1/A/w999' }, "This run has no chunk 't/s1/A/w999'"],
        [controls.retry.update, { where: {}, parts: 3 }, "'parts' splits one chunk"],
        [controls.skip.update, { chunk: 't/s1/A/w1', reason: ' ' }, "'reason' must say why"],
        [controls.stop.update, { mode: null }, "'mode' must be"],
      ] as const;
      for (const [update, payload, reason] of updates)
        expect(await refusal(handle.executeUpdate(update as never, { args: [payload] } as never))).toContain(
          reason,
        );
      await handle.signal('setConcurrency', { perServer: { s1: -1 } });
      await handle.signal('pause', 'please');
      await handle.signal('retry', { chunk: 't/s1/A/w999' });
      await handle.signal('skip');
      await until(async () => (await status(handle)).warnings.length === 4);
      expect((await status(handle)).pauses).toEqual([]);
      await handle.executeUpdate(controls.stop.update, { args: [{ mode: 'now' }] });
      await handle.result();
      expect(
        await refusal(handle.executeUpdate(controls.pause.update, { args: [{ mode: 'now' }] })),
      ).toContain('completed');
    });
  });
});
