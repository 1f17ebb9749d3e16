import { setTimeout as delay } from 'node:timers/promises';
import { Turn } from '../../../engine/transform/turn.js';

const never = new AbortController().signal;

describe('a turn', () => {
  it('runs one piece of work at a time, in order, and gives each its own result', async () => {
    const turn = new Turn();
    const order: number[] = [];
    let underWay = 0;
    const work = (item: number) => async () => {
      underWay += 1;
      expect(underWay).toBe(1);
      await delay(5 - item);
      order.push(item);
      underWay -= 1;
      return 2 * item;
    };
    const results = await Promise.all([0, 1, 2, 3].map((item) => turn.of(work(item), never)));
    expect(results).toEqual([0, 2, 4, 6]);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('passes on when work fails', async () => {
    const turn = new Turn();
    const failing = turn.of(() => Promise.reject(new Error('torn')), never);
    const next = turn.of(async () => 'ran', never);
    await expect(failing).rejects.toThrow('torn');
    expect(await next).toBe('ran');
  });

  it('lets go at once of who is told to stop, whose work never begins, and lets nobody pass the one at work', async () => {
    const turn = new Turn();
    const stopping = new AbortController();
    let first = false;
    const working = turn.of(async () => {
      await delay(50);
      first = true;
    }, never);
    let begun = false;
    const stopped = turn.of(async () => {
      begun = true;
    }, stopping.signal);
    const third = turn.of(async () => first, never);
    stopping.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    expect(first).toBe(false);
    expect(await third).toBe(true);
    await working;
    expect(begun).toBe(false);
  });

  it('refuses at once who was told to stop before', async () => {
    const turn = new Turn();
    const working = turn.of(() => delay(50), never);
    const started = performance.now();
    await expect(turn.of(async () => 1, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(40);
    await working;
  });

  it('tells who waits each second that it waits, and no longer once it runs', async () => {
    jest.useFakeTimers();
    try {
      const turn = new Turn();
      let end: () => void = () => undefined;
      const working = turn.of(() => new Promise<void>((resolve) => (end = resolve)), never);
      let heard = 0;
      const waiting = turn.of(
        async () => undefined,
        never,
        () => {
          heard += 1;
        },
      );
      await jest.advanceTimersByTimeAsync(3_500);
      expect(heard).toBe(3);
      end();
      await Promise.all([working, waiting]);
      await jest.advanceTimersByTimeAsync(5_000);
      expect(heard).toBe(3);
    } finally {
      jest.useRealTimers();
    }
  });
});
