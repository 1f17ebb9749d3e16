import { setImmediate as turn } from 'node:timers/promises';
import { BatchHandoff, NobodyTakes } from '../../../engine/rows/batch-handoff.js';
import type { ColumnBatch } from '../../../engine/rows/column-batch.js';

const batch = (rows: number): ColumnBatch => ({ rows, columns: [] });

describe('handing batches over', () => {
  it('gives each batch once, in order, and holds the giver until the taker asks for the next', async () => {
    const handoff = new BatchHandoff();
    const given: number[] = [];
    const giving = (async () => {
      for (const rows of [1, 2, 3]) {
        await handoff.push(batch(rows));
        given.push(rows);
      }
      handoff.end();
    })();
    const taken: number[] = [];
    for await (const { rows } of handoff.batches()) {
      await turn();
      await turn();
      taken.push(rows);
      expect(given).toEqual(taken.slice(0, -1));
    }
    await giving;
    expect(taken).toEqual([1, 2, 3]);
  });

  it('fails the taker with what failed the giver', async () => {
    const handoff = new BatchHandoff();
    const batches = handoff.batches();
    const next = batches.next();
    handoff.fail(new Error('lost'));
    await expect(next).rejects.toThrow('lost');
  });

  it('releases the giver when the taker leaves, then and from then on', async () => {
    const handoff = new BatchHandoff();
    const batches = handoff.batches();
    const pushed = handoff.push(batch(1));
    await batches.next();
    await batches.return();
    await expect(pushed).rejects.toThrow(NobodyTakes);
    await expect(handoff.push(batch(2))).rejects.toThrow(NobodyTakes);
  });

  it('ends without a batch where none was given', async () => {
    const handoff = new BatchHandoff();
    handoff.end();
    await expect(handoff.batches().next()).resolves.toEqual({ done: true, value: undefined });
  });
});
