import type { ChunkPage } from '../../../activities/contract.js';
import { PendingChunks } from '../../../workflows/database/pending-chunks.js';

/** A control table whose answers arrive when the test says so. */
class Table {
  readonly pending: ChunkPage['chunks'];
  #release: () => void = () => undefined;

  constructor(count: number) {
    this.pending = Array.from({ length: count }, (_, ordinal) => ({
      chunkId: `c${ordinal}`,
      ordinal,
      window: `w${ordinal}`,
    }));
  }

  readonly list = async (page: { readonly afterOrdinal: number; readonly limit: number }) => {
    const chunks = this.pending.filter(({ ordinal }) => ordinal > page.afterOrdinal).slice(0, page.limit);
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    return { route: 'transform' as const, chunks };
  };

  answer(): void {
    this.#release();
  }
}

async function read(
  table: Table,
  chunks: PendingChunks,
  inFlight: readonly string[],
  meanwhile?: () => void,
): Promise<void> {
  const reading = chunks.read(inFlight);
  meanwhile?.();
  table.answer();
  await reading;
}

describe('the pending chunks of a database', () => {
  it('come in order, each once, page by page', async () => {
    const table = new Table(120);
    const chunks = new PendingChunks(table.list, -1);
    const taken: number[] = [];
    while (chunks.left) {
      await read(table, chunks, []);
      for (let next = chunks.take(); next !== undefined; next = chunks.take()) taken.push(next.ordinal);
    }
    expect(taken).toEqual(Array.from({ length: 120 }, (_, ordinal) => ordinal));
  });

  it('do not have those that are in flight, which are pending still in the table', async () => {
    const table = new Table(3);
    const chunks = new PendingChunks(table.list, -1);
    await read(table, chunks, ['c0', 'c2']);
    expect([chunks.take()?.chunkId, chunks.take(), chunks.left]).toEqual(['c1', undefined, false]);
  });

  // The cursor need not move when a chunk comes back, so it cannot tell a list that begins too late or lacks one.
  it('are listed again when one comes back while a list that lacks it is on its way', async () => {
    const table = new Table(8);
    const chunks = new PendingChunks(table.list, 4);
    await read(table, chunks, ['c5', 'c6', 'c7'], () => chunks.lookAgain(5));
    expect([chunks.ready, chunks.left]).toEqual([false, true]);
    await read(table, chunks, ['c5', 'c7']);
    expect([chunks.take()?.chunkId, chunks.left]).toEqual(['c6', false]);
  });

  it('are listed again from the start after a retry, also during the first list', async () => {
    const table = new Table(2);
    const chunks = new PendingChunks(table.list, -1);
    await read(table, chunks, [], () => chunks.lookAgain(-1));
    expect([chunks.ready, chunks.left, chunks.known]).toEqual([false, true, undefined]);
    await read(table, chunks, []);
    expect(chunks.known).toBe(2);
  });
});
