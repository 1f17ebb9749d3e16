import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MockActivityEnvironment } from '@temporalio/testing';
import { runStep } from '../../../activities/step.js';
import { MigrationError } from '../../../engine/errors.js';

async function failure(work: Parameters<typeof runStep>[0]): Promise<Record<string, unknown>> {
  const environment = new MockActivityEnvironment();
  try {
    await environment.run(() => runStep(work));
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('The step did not fail.');
}

describe('runStep', () => {
  it('turns an error of the engine into a failure of its code, retried only where that may help', async () => {
    const parked = await failure(async () => Promise.reject(new MigrationError('JOIN_FANOUT', 'repeated')));
    expect(parked).toMatchObject({ type: 'JOIN_FANOUT', message: 'repeated', nonRetryable: true });
    const passing = await failure(async () => Promise.reject(new MigrationError('SOURCE_DEADLOCK', 'again')));
    expect(passing).toMatchObject({ type: 'SOURCE_DEADLOCK', nonRetryable: false });
  });

  it('keeps the message of a foreign error out of the failure, as it may quote a row', async () => {
    const failed = await failure(async () => Promise.reject(new TypeError("cannot convert 'cell-4711'")));
    expect(failed).toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    expect(JSON.stringify(failed)).not.toContain('4711');
    expect(String(failed.message)).not.toContain('4711');
    expect(failed.cause).toBeUndefined();
  });

  it('ends work that stands still, and only that', async () => {
    const wait = (signal: AbortSignal, ms: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(new Error('AbortError'));
        });
      });
    const stalled = await failure(async ({ signal, stallAfter }) => {
      stallAfter(1);
      await wait(signal, 20_000);
    });
    expect(stalled).toMatchObject({ type: 'STALLED', nonRetryable: false });

    const moving = new MockActivityEnvironment().run(() =>
      runStep(async ({ signal, stallAfter, advance }) => {
        stallAfter(1);
        for (let turn = 0; turn < 6; turn += 1) {
          await wait(signal, 500);
          advance(1);
        }
        return 'done';
      }),
    );
    await expect(moving).resolves.toBe('done');
  });

  it('does not wait for stalled work that never hears of its end, such as a look-up without an answer', async () => {
    const stalled = await failure(async ({ stallAfter }) => {
      stallAfter(1);
      await new Promise(() => undefined);
    });
    expect(stalled).toMatchObject({ type: 'STALLED', nonRetryable: false });
  }, 15_000);

  it('measures a stall by a clock that nobody sets', async () => {
    const jumped = jest.spyOn(Date, 'now').mockImplementation(() => 4_102_444_800_000);
    const moving = new MockActivityEnvironment().run(() =>
      runStep(async ({ signal, stallAfter }) => {
        stallAfter(3);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        return signal.aborted;
      }),
    );
    await expect(moving).resolves.toBe(false);
    jumped.mockRestore();
  });

  it('lets work that says so wait its turn, and counts no progress for it', async () => {
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const waited = environment.run(() =>
      runStep(async ({ signal, stallAfter, waiting }) => {
        stallAfter(1);
        for (let turn = 0; turn < 6; turn += 1) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          waiting();
        }
        return signal.aborted;
      }),
    );
    await expect(waited).resolves.toBe(false);
    expect(new Set(beats)).toEqual(new Set([0]));
  });

  it('tells Temporal of a cancellation as such, whatever the aborted work threw', async () => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(() =>
      runStep(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('AbortError')))),
      ),
    ) as Promise<unknown>;
    setTimeout(() => environment.cancel(), 50);
    await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
  });

  it('gives work that asks for it more time to end, in which it still heartbeats', async () => {
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    let ended = false;
    const running = environment.run(() =>
      runStep(async ({ signal, endsWithin }) => {
        endsWithin(20);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        beats = 0;
        await new Promise((resolve) => setTimeout(resolve, 6_500));
        ended = true;
        signal.throwIfAborted();
      }),
    ) as Promise<unknown>;
    setTimeout(() => environment.cancel(), 50);
    await expect(running).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(ended).toBe(true);
    expect(beats).toBeGreaterThan(3);
  }, 15_000);

  it('has one identity in all attempts of an activity, and others in other activities', async () => {
    const of = (activityId: string, attempt: number) =>
      new MockActivityEnvironment({ activityId, attempt, scheduledTimestampMs: 1_000 }).run(() =>
        runStep(async ({ identity }) => identity),
      );
    const first = await of('1', 1);
    expect(first).toEqual({ key: '00000000-0000-0000-0000-000000000000-1', since: new Date(1_000) });
    expect(await of('1', 2)).toEqual(first);
    expect(await of('2', 1)).not.toEqual(first);
  });

  it('keeps nothing of steps that have ended, though their work listens to the signal', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const signals: WeakRef<AbortSignal>[] = [];
    for (let step = 0; step < 20; step += 1)
      await new MockActivityEnvironment().run(() =>
        runStep(async ({ signal }) => {
          signals.push(new WeakRef(signal));
          signal.addEventListener('abort', () => signal.throwIfAborted());
        }),
      );
    for (let round = 0; round < 5; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    // The last one may still be on the stack of what has just run.
    expect(signals.filter((signal) => signal.deref() !== undefined).length).toBeLessThan(3);
  });

  it('heartbeats with a counter that only work moves', async () => {
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    await environment.run(() =>
      runStep(async ({ advance }) => {
        advance(40);
        await new Promise((resolve) => setTimeout(resolve, 2_300));
      }),
    );
    expect(new Set(beats)).toEqual(new Set([40]));
  });
});
