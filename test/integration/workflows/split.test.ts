import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Activities } from '../../../activities/contract.js';
import { controls, workflowIds } from '../../../workflows/messages.js';
import type { migrateCategory } from '../../../workflows/migrate-category.js';
import { taskQueue } from '../../../workflows/options.js';
import { chunkId, FakeEngine } from '../../support/fake-activities.js';
import { startTestTemporal, withWorker } from '../../support/temporal.js';

const database = { target: 't', server: 's1', database: 'A' };
const chunk = chunkId(database, 0);

describe('splitting a chunk at work', () => {
  let temporal: TestWorkflowEnvironment;
  beforeAll(async () => {
    temporal = await startTestTemporal();
  }, 120_000);
  afterAll(() => temporal?.teardown());

  /** One chunk that is at work for long, and a split of it; `answer` is what the control tables say to each attempt. */
  async function splitAtWork(
    category: string,
    answer: (engine: FakeEngine) => ApplicationFailure | undefined,
    during: (engine: FakeEngine, update: Promise<unknown>, rest: { exportMs: number }) => Promise<void>,
  ) {
    const rest = {
      estate: category,
      databases: [database],
      chunksPerDatabase: 1,
      perServer: 1,
      exportMs: 30_000,
      attentionWaitSeconds: 60,
    };
    const engine = new FakeEngine(rest);
    const own = engine.activities();
    const resolveParked: Activities['resolveParked'] = async (input) => {
      const failure = answer(engine);
      if (failure !== undefined) throw failure;
      return own.resolveParked(input);
    };
    return withWorker(temporal, { ...own, resolveParked }, async () => {
      const handle = await temporal.client.workflow.start<typeof migrateCategory>('migrateCategory', {
        taskQueue,
        workflowId: workflowIds.category(category),
        args: [{ category }],
      });
      while (engine.inFlight.get('s1') !== 1 || engine.planned === 0)
        await new Promise((resolve) => setTimeout(resolve, 25));
      const update = handle.executeUpdate(controls.retry.update, { args: [{ chunk, parts: 4 }] });
      await during(engine, update, rest);
      return handle.result();
    });
  }

  it('ends the attempt that holds it, and then splits it', async () => {
    const busy = (engine: FakeEngine) =>
      engine.states.get(chunk)?.state === 'NEEDS_ATTENTION'
        ? undefined
        : ApplicationFailure.create({ type: 'TARGET_BUSY', message: 'held by an import' });
    const result = await splitAtWork('heldchunk', busy, async (_, update, rest) => {
      const began = Date.now();
      rest.exportMs = 10;
      expect(await update).toMatchObject({ resolved: 1, parked: 0 });
      expect(Date.now() - began).toBeLessThan(15_000);
    });
    expect(result).toMatchObject({ state: 'COMPLETED', chunksDone: 1 });
  }, 60_000);

  it('leaves the attempt alone where the split is refused', async () => {
    const refused = () =>
      ApplicationFailure.create({ type: 'CHUNK_UNSPLITTABLE', message: 'too small', nonRetryable: true });
    await splitAtWork('smallchunk', refused, async (engine, update) => {
      await expect(update).rejects.toMatchObject({
        cause: { message: expect.stringContaining('too small') },
      });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(engine.inFlight.get('s1')).toBe(1);
      expect(engine.inState('NEEDS_ATTENTION')).toBe(0);
      await temporal.client.workflow
        .getHandle(workflowIds.category('smallchunk'))
        .signal('stop', { mode: 'now' });
    });
  }, 60_000);
});
