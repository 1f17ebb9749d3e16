import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf } from '../../../engine/rows/cells.js';
import { PackedRows } from '../../../engine/rows/packed-rows.js';
import type { Column } from '../../../engine/rows/types.js';
import { type DuckDb, type DuckDbSession, openDuckDb } from '../../../engine/transform/duckdb.js';

const columns: readonly Column[] = [{ name: 'n', type: { kind: 'int', bits: 64 }, nullable: true }];

let directory: string;
let duckdb: DuckDb;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'feed-'));
  duckdb = await openDuckDb({ memoryLimit: '100MB', threads: 2, spillDirectory: directory });
});
afterAll(async () => {
  duckdb.close();
  await rm(directory, { recursive: true, force: true });
});

/** `0 .. count`, in blocks of `blockRows`. */
function numbers(count: number, blockRows = 1_000): PackedRows {
  const packed = new PackedRows(columns);
  for (let from = 0; from < count; from += blockRows) {
    const rows = Array.from({ length: Math.min(blockRows, count - from) }, (_, at) => [BigInt(from + at)]);
    packed.append(batchOf(columns, rows), { from: 0, count: rows.length, ordinal: from });
  }
  return packed;
}

async function session<T>(
  work: (session: DuckDbSession) => Promise<T>,
  signal = new AbortController().signal,
) {
  const opened = await duckdb.openSession(signal);
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

describe('rows that are fed to DuckDB', () => {
  it('come whole and in their order, and again for each statement', async () => {
    await session(async (opened) => {
      const fed = opened.feed(numbers(10_500));
      for (let time = 0; time < 2; time += 1) {
        await opened.run('SET SESSION preserve_insertion_order = true');
        const [found] = await opened.rows<{ rows: bigint; sum: bigint; sorted: boolean }>(
          `SELECT count(*) AS "rows", sum(n) AS "sum", bool_and(n = place) AS sorted
             FROM (SELECT n, row_number() OVER () - 1 AS place FROM ${fed.table})`,
        );
        expect(found).toEqual({ rows: 10_500n, sum: (10_499n * 10_500n) / 2n, sorted: true });
      }
      fed.close();
    });
  });

  it('are added up once for each statement that reads them, also beyond 64 bits', async () => {
    await session(async (opened) => {
      const fed = opened.feed(numbers(5_000));
      const most = 2n ** 64n - 1n;
      for (let time = 0; time < 2; time += 1) {
        const hash = `(${most} - n::UHUGEINT)::UBIGINT`;
        await opened.run(
          `CREATE OR REPLACE TEMP TABLE t AS SELECT n FROM ${fed.table} WHERE ${fed.adding(hash)}`,
        );
        expect(fed.seen).toEqual({ rows: 5_000, sum: 5_000n * most - (4_999n * 5_000n) / 2n });
      }
      expect(await opened.rows('SELECT count(*) AS "rows" FROM t')).toEqual([{ rows: 5_000n }]);
      fed.close();
    });
  });

  it('are apart from those of statements beside', async () => {
    const sums = await Promise.all(
      [1_000, 3_000, 7_000].map((count) =>
        session(async (opened) => {
          const fed = opened.feed(numbers(count, 300));
          await opened.run(
            `CREATE TEMP TABLE t AS SELECT n FROM ${fed.table} WHERE ${fed.adding('n::UBIGINT')}`,
          );
          fed.close();
          return fed.seen;
        }),
      ),
    );
    expect(sums).toEqual(
      [1_000, 3_000, 7_000].map((rows) => ({ rows, sum: BigInt((rows * (rows - 1)) / 2) })),
    );
  });

  it('can no more be read once the feed is closed', async () => {
    await session(async (opened) => {
      const fed = opened.feed(numbers(10));
      fed.close();
      await expect(opened.run(`CREATE TEMP TABLE t AS FROM ${fed.table}`)).rejects.toThrow();
    });
  });

  it('end with the reason of the signal, wherever the statement is', async () => {
    const packed = numbers(200_000);
    for (const waitMs of [0, 1, 5, 20]) {
      const abort = new AbortController();
      const reason = new Error('cancelled by the test');
      const running = session(async (opened) => {
        const fed = opened.feed(packed);
        // Each row of it meets a thousand others, which takes far longer than the test waits.
        const slow = `SELECT max(md5((n * m)::VARCHAR)) FROM ${fed.table}, range(1000) r(m)`;
        setTimeout(() => abort.abort(reason), waitMs);
        try {
          await opened.run(slow);
        } finally {
          fed.close();
        }
      }, abort.signal);
      await expect(running).rejects.toBe(reason);
    }
  });
});
