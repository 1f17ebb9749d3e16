import { setTimeout as sleep } from 'node:timers/promises';
import { type Estate, startEstate } from '../../support/estate.js';
import { category, digests, Reading, readOnce, unindexed } from './one-reading.js';
import { steeredRun } from './steered-run.js';

interface Range {
  readonly id: string;
}

describe('one reading for all windows that meets a fault', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({ servers: unindexed });
    readOnce(estate, 80);
  }, 180_000);
  afterAll(() => estate?.stop());

  const rows = async <T extends object>(text: string): Promise<readonly T[]> =>
    (await estate.postgres.query<T>(text)).rows;
  const scans = async (): Promise<number> => (await rows('SELECT FROM migration_control.scan')).length;
  const exact = async (): Promise<void> => {
    const { expected, found } = await digests(estate);
    expect(found).toBe(expected);
  };
  const read = async (): Promise<readonly string[]> =>
    (
      await rows<Range>(
        'SELECT range_id::text AS id FROM migration_control.scan_range WHERE rows IS NOT NULL',
      )
    ).map(({ id }) => id);

  it('reads a range again that broke off, and no other', async () => {
    const reading = new Reading({ breaks: 3, after: 4 });
    await steeredRun(estate, { category, jobMode: 'restart' }, reading);
    await exact();
    const again = reading.ranges.filter((range, n) => reading.ranges.indexOf(range) !== n);
    expect(again).toHaveLength(3);
    expect(await scans()).toBe(0);
  }, 120_000);

  it('is gone on with by the next run, but for ranges whose rows are others by then', async () => {
    const first = new Reading({ holds: 5 });
    const changing = async (): Promise<string | undefined> =>
      (
        await rows<Range>(
          `SELECT range_id::text AS id FROM migration_control.scan_range JOIN migration_control.scan USING (scan_id)
            WHERE server = 'server01' AND position = 0 AND ordinal = 1 AND rows IS NOT NULL`,
        )
      )[0]?.id;
    await steeredRun(
      estate,
      { category, jobMode: 'restart' },
      {
        ...first,
        during: async (handle) => {
          while ((await read()).length < 3 || (await changing()) === undefined) await sleep(50);
          await handle.terminate('the test gives up on it');
          first.release();
        },
      },
    );
    const done = await read();
    const changed = await changing();
    const source = await estate.source('server01', 'DatabaseA');
    await source.request().query(
      `UPDATE dbo.cell_performance_data SET measurement_time = 4711
        WHERE cell_id = (SELECT MIN(cell_id) FROM dbo.cell_performance_data WHERE data_timestamp >= '2025-01-01' AND data_timestamp < '2025-01-11')`,
    );
    const second = new Reading();
    const { summary } = await steeredRun(estate, { category }, second);
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksParked: 0 });
    expect([...second.proven].sort()).toEqual(done.filter((id) => id !== changed).sort());
    expect(second.ranges).toContain(changed);
    await exact();
  }, 120_000);

  it('parks the chunks where it cannot be read, and a retry goes on with it', async () => {
    estate.configure(`config/categories/${category}.json`, (json) => ({ ...json, attention: { wait: 60 } }));
    // Fewer than a database has ranges: one that is read to its end keeps none.
    const reading = new Reading({ fails: true, after: 3 });
    const parked = async (): Promise<readonly { code: string }[]> =>
      rows(`SELECT DISTINCT cause_code AS code FROM migration_control.chunk WHERE state = 'NEEDS_ATTENTION'`);
    let before: readonly string[] = [];
    const { summary } = await steeredRun(
      estate,
      { category, jobMode: 'restart' },
      {
        ...reading,
        during: async (handle) => {
          while ((await parked()).length === 0) await sleep(100);
          expect(await parked()).toEqual([{ code: 'SOURCE_QUERY' }]);
          while ((await rows(`SELECT FROM migration_control.chunk WHERE state = 'PENDING'`)).length > 0)
            await sleep(100);
          before = await read();
          reading.mend();
          await handle.signal('retry', { where: {} });
        },
      },
    );
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksParked: 0 });
    expect(before).toHaveLength(3);
    const after = reading.ranges.slice(reading.mendedAt);
    for (const id of before) expect(after).not.toContain(id);
    await exact();
    expect(await scans()).toBe(0);
  }, 120_000);

  it('brings no row where somebody wrote while it was read', async () => {
    estate.configure(`config/categories/${category}.json`, (json) => ({ ...json, attention: { wait: 0 } }));
    const source = await estate.source('server01', 'DatabaseA');
    const moved = `SELECT TOP (1) cell_id, data_timestamp FROM dbo.cell_performance_data ORDER BY cell_id DESC`;
    const [row] = (await source.request().query(moved))
      .recordset as unknown as readonly (readonly unknown[])[];
    const shift = (days: number) =>
      source
        .request()
        .input('id', row?.[0])
        .query(
          `UPDATE dbo.cell_performance_data SET data_timestamp = DATEADD(day, ${days}, data_timestamp)
          WHERE cell_id = @id AND data_timestamp < '2025-01-04'`,
        );
    const { failure } = await steeredRun(
      estate,
      { category, jobMode: 'restart' },
      {
        activities: (own) => ({
          openScan: async (ref) => {
            if (ref.server === 'server01' && ref.database === 'DatabaseA') await shift(-1);
            return own.openScan(ref);
          },
        }),
      },
    );
    expect(failure?.type).toBe('CHUNKS_NEED_ATTENTION');
    expect(
      await rows(
        `SELECT DISTINCT server, database, cause_code AS code, state FROM migration_control.chunk
          WHERE category = '${category}' AND state <> 'DONE'`,
      ),
    ).toEqual([
      { server: 'server01', database: 'DatabaseA', code: 'SOURCE_CHANGED', state: 'NEEDS_ATTENTION' },
    ]);
    await estate.run({ jobMode: 'resume' });
    await exact();
  }, 120_000);
});
