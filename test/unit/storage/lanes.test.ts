import { mapInLanes } from '../../../engine/storage/lanes.js';

const items = Array.from({ length: 40 }, (_, index) => index);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('mapInLanes', () => {
  it('gives the results in the order of the items, whichever ends first', async () => {
    const doubled = await mapInLanes(items, undefined, async (item) => {
      await pause((item * 7) % 5);
      return 2 * item;
    });
    expect(doubled).toEqual(items.map((item) => 2 * item));
    expect(await mapInLanes([], undefined, async () => 1)).toEqual([]);
  });

  it('begins nothing behind the first failure, waits for what is under way, and throws the first', async () => {
    let begun = 0;
    let underWay = 0;
    const mapped = mapInLanes(items, undefined, async (item) => {
      begun += 1;
      underWay += 1;
      await pause(item === 3 ? 5 : 30);
      underWay -= 1;
      if (item === 3 || item === 5) throw new Error(`item ${item}`);
    });
    await expect(mapped).rejects.toThrow('item 3');
    expect([begun, underWay]).toEqual([8, 0]);
    await pause(60);
    expect(begun).toBe(8);
  });

  it('begins nothing once the signal has aborted, and throws its reason', async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const mapped = mapInLanes(items, abort.signal, async (item) => {
      begun.push(item);
      if (item === 9) abort.abort(new Error('cancelled by the test'));
      await pause(1);
    });
    await expect(mapped).rejects.toThrow('cancelled by the test');
    expect(begun.length).toBeLessThan(20);
  });
});
