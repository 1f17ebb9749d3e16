import { createTarget, type Target } from '../../../engine/postgres/connection';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { prepareStage } from '../../../engine/postgres/stage';
import {
  checksumStage,
  countStaged,
  deleteStaged,
  noteStagePages,
} from '../../../engine/postgres/stage-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { targetTable } from '../../support/target-fixtures';

jest.setTimeout(120_000);

/** Two chunks that came in side by side, and one whose id lies between theirs. */
const [first, last, between] = ['7', '90000', '400'] as const;
const turns = 20;
const rowsPerTurn = 2_500;
const rowsPerChunk = turns * rowsPerTurn;

describe.each([18, 15] as const)('a chunk’s rows in the stage on PostgreSQL %i', (version) => {
  let postgres: TestPostgres;
  let target: Target;
  const table = targetTable('side_by_side');
  beforeAll(async () => {
    postgres = await startPostgres(version);
    target = createTarget(postgres.endpoint);
    await applyControlSchema(target);
    await prepareStage(target, table, ['202501']);
    const insert = (chunk: string, rows: number) =>
      target.query(
        `INSERT INTO stage.side_by_side SELECT 'c' || g, '2025-01-01', g % 1000, repeat('x', 400), $1
           FROM generate_series(1, $2::int) g`,
        [chunk, rows],
      );
    for (let turn = 0; turn < turns; turn += 1)
      for (const chunk of [first, last]) await insert(chunk, rowsPerTurn);
    await insert(between, rowsPerChunk);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  const pages = async (): Promise<{ all: number; read: number }> => {
    const { rows } = await target.query<{ all: number; read: number }>(
      `SELECT pg_relation_size(relid)::float8 / 8192 AS all, (heap_blks_read + heap_blks_hit)::float8 AS read
         FROM pg_statio_user_tables WHERE relname = 'side_by_side_p2025_01'`,
    );
    return rows[0] as { all: number; read: number };
  };

  /** The share of the month's pages that are looked at while the chunk is counted. */
  const shareRead = async (chunk: string): Promise<number> => {
    const before = await pages();
    expect(
      await target.transaction(async (client) => {
        const rows = await countStaged(client, table, chunk);
        await client.query('SELECT pg_stat_force_next_flush()');
        return rows;
      }),
    ).toBe(rowsPerChunk);
    const after = await pages();
    return (after.read - before.read) / after.all;
  };

  test('are found by reading their own pages, once these are noted', async () => {
    // Not quite all: a busy machine has autovacuum come by before.
    expect(await shareRead(between)).toBeGreaterThan(0.9);
    await target.transaction(async (client) => {
      await noteStagePages(client, table);
      await client.query('SELECT pg_stat_force_next_flush()');
    });
    expect(await shareRead(between)).toBeLessThan(0.45);
    expect(await shareRead(first)).toBeLessThan(0.8);
  });

  test('are counted and hashed as well where their pages are not noted, as vacuum has the table', async () => {
    const read = () => target.transaction((client) => checksumStage(client, table, between));
    const before = await read();
    await target.transaction(async (vacuum) => {
      await vacuum.query('LOCK TABLE stage.side_by_side_p2025_01 IN SHARE UPDATE EXCLUSIVE MODE');
      const began = performance.now();
      await noteStagePages(target, table);
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(await read()).toEqual(before);
    });
  });

  test('are deleted without those of others', async () => {
    await target.transaction((client) => deleteStaged(client, table, first));
    const counts = await target.transaction((client) =>
      Promise.all([first, last, between].map((chunk) => countStaged(client, table, chunk))),
    );
    expect(counts).toEqual([0, rowsPerChunk, rowsPerChunk]);
  });
});
