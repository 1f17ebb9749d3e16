import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';
import { joinCategory, joinTables, serverOf } from './small-category.js';
import { rowsOf, states, steeredRun } from './steered-run.js';

/** Without an index that leads with the time, as the founding tables are described: a day is a scan of the table. */
const styles = foundingStyles(300);
const unindexed = Object.fromEntries(
  Object.entries(styles).map(([server, databases]) => [
    server,
    databases.map((style) => ({ ...style, timeIndex: false })),
  ]),
);
const places = [
  ['server01', 'DatabaseA'],
  ['server01', 'DatabaseB'],
  ['server02', 'DatabaseA'],
  ['server02', 'DatabaseB'],
] as const;

const ids = ['Ann', 'bob', 'BOB ', 'cy', 'di', 'ed'];
const left = ids.map((id, n) => `('${id}', '2025-01-0${(n % 3) + 1} 08:00', 'note', ${n}, ${n})`);
/** Two matches of one row park its chunk. */
const right = [
  `('ed', '2025-01-03 08:00', 8)`,
  `('ed', '2025-01-03 08:00', 9)`,
  `('cy', '2025-01-01 08:00', 7)`,
];

describe('chunks by key', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: { ...unindexed, server03: serverOf('server03', joinTables('keyed', left, right)) },
    });
    estate.configure('config/server-mappings.json', (json) => ({
      ...json,
      databases: { ...(json.databases as object), server03: [] },
    }));
  }, 180_000);
  afterAll(() => estate?.stop());

  const expected = async (): Promise<readonly string[]> =>
    joinedRows(await Promise.all(places.map(([server, database]) => estate.source(server, database))));
  const byKey = (rows: number) =>
    estate.configure('config/categories/cell_perf_stats.json', (json) => {
      const [target] = json.targets as readonly { readonly sources: readonly object[] }[];
      const [cells, devices] = target?.sources ?? [];
      const sources = [cells, { ...devices, chunkColumn: 'device_id' }];
      return { ...json, targets: [{ ...target, sources, chunk: { by: 'key', column: 'cell_id', rows } }] };
    });
  const chunks = async () => {
    const { rows } = await estate.postgres.query<{
      place: string;
      label: string;
      from: string | null;
      to: string | null;
      rows: number;
    }>(
      `SELECT server || '/' || database AS place, window_label AS label, key_from AS from, key_to AS to, rows_total::int AS rows
         FROM migration_control.chunk WHERE category = 'cell_perf_stats' ORDER BY place, ordinal`,
    );
    return rows;
  };
  const stepsOfLastRun = async (): Promise<number> => {
    const { rows } = await estate.postgres.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM migration_control.step
        WHERE run_id = (SELECT run_id FROM migration_control.run ORDER BY started_at DESC LIMIT 1)`,
    );
    return rows[0]?.n ?? 0;
  };
  let keys: readonly string[] = [];

  it('are what a refused scan can be replaced by', async () => {
    expect(await estate.fail()).toMatchObject({
      type: 'SOURCE_SCAN',
      message: expect.stringContaining('"by": "key"'),
    });
  }, 60_000);

  it('end with a target that equals the join computed by another route', async () => {
    byKey(60);
    const summary = await estate.run();
    const planned = await chunks();
    expect(summary).toMatchObject({ chunksDone: planned.length, chunksParked: 0, chunksSkipped: 0 });
    expect(planned.filter(({ place }) => place === 'server01/DatabaseA').length).toBeGreaterThan(3);
    const { rows: tooLarge } = await estate.postgres.query(
      `SELECT window_label FROM migration_control.chunk JOIN stage.cell_perf_stats USING (chunk_id)
        WHERE rows_total > 60 GROUP BY chunk_id, window_label HAVING count(DISTINCT cell_id) > 1`,
    );
    expect(tooLarge).toEqual([]);
    expect(planned.filter(({ place }) => place === 'server02/DatabaseB')).toMatchObject([
      { label: 'k00001', rows: 0 },
    ]);
    const rows = await expected();
    expect(rows.length).toBeGreaterThan(900);
    expect(digest(await targetRows(estate.postgres))).toBe(digest(rows));
    keys = planned.flatMap(({ from }) => (from === null ? [] : [JSON.parse(from) as string]));
    expect(keys).toHaveLength(9);
  }, 120_000);

  it('keep their boundaries to the control tables: no history, report or statistics name a key', async () => {
    const { workflow } = estate.temporal.client;
    let events = 0;
    for await (const { workflowId, runId } of workflow.list()) {
      const history = JSON.stringify(
        await workflow.getHandle(workflowId, runId).fetchHistory(),
        (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value),
      );
      events += 1;
      for (const key of keys) expect(history.includes(key)).toBe(false);
    }
    expect(events).toBeGreaterThan(10);
    for (const table of ['run', 'step', 'checksum']) {
      const { rows } = await estate.postgres.query(
        `SELECT to_jsonb(t)::text AS row FROM migration_control.${table} t`,
      );
      for (const key of keys) expect(JSON.stringify(rows).includes(key)).toBe(false);
    }
  }, 60_000);

  it('keep their boundaries in resume, where nothing is read again and only new rows are brought', async () => {
    const before = await chunks();
    await estate.run();
    expect(await chunks()).toEqual(before);
    expect(await stepsOfLastRun()).toBe(0);
    const source = await estate.source('server01', 'DatabaseA');
    await source.request().query(
      `INSERT INTO dbo.cell_performance_data (cell_id, data_timestamp, dropped_calls_total)
       SELECT TOP (1) cell_id, '2025-01-05T03:04:05', 4711 FROM dbo.cell_performance_data`,
    );
    await estate.run({ jobMode: 'restart' });
    expect((await expected()).filter((row) => row.includes(',4711,'))).toHaveLength(1);
    expect(digest(await targetRows(estate.postgres))).toBe(digest(await expected()));
  }, 120_000);

  it('refuse a partition of what was imported as a whole, and restart as a whole', async () => {
    const refusal = { type: 'PLAN_OVERLAP', message: expect.stringMatching(/k0000|null/) };
    expect(await estate.fail({ inputPartition: '20250105' })).toMatchObject(refusal);
    expect(await estate.fail({ inputPartition: '20250105', jobMode: 'restart' })).toMatchObject(refusal);
    byKey(400);
    await estate.run({ jobMode: 'restart' });
    expect(digest(await targetRows(estate.postgres))).toBe(digest(await expected()));
  }, 120_000);

  it('are split where one is parked, and stay in parts', async () => {
    joinCategory(estate, 'keyed', {
      databases: { server03: ['One'] },
      attentionWait: 60,
      chunk: { by: 'key', rows: 1000 },
    });
    const until = async (wanted: string): Promise<void> => {
      const deadline = Date.now() + 80_000;
      while (!(await states(estate, 'keyed')).includes(wanted)) {
        if (Date.now() > deadline)
          throw new Error(`'${wanted}' is not among ${await states(estate, 'keyed')}.`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const { summary } = await steeredRun(
      estate,
      { category: 'keyed' },
      {
        during: async (handle) => {
          await until('One/k00001 NEEDS_ATTENTION JOIN_FANOUT');
          await handle.signal('retry', { chunk: 'keyed/server03/One/k00001', parts: 3 });
          await until('One/k00001-3 NEEDS_ATTENTION JOIN_FANOUT');
          await handle.signal('skip', {
            chunk: 'keyed/server03/One/k00001-3',
            reason: 'agreed with the owner',
          });
        },
      },
    );
    expect(summary).toMatchObject({ chunksDone: 2, chunksParked: 0, chunksSkipped: 1 });
    const staged = (await rowsOf(estate, 'stage.keyed')) ?? [];
    expect(staged.length).toBeGreaterThan(1);
    expect(staged.length).toBeLessThan(6);
    await (await estate.source('server03', 'One'))
      .request()
      .query('DELETE FROM dbo.keyed_right WHERE quality = 9');
    expect(await estate.run({ category: 'keyed' })).toMatchObject({ chunksDone: 3, rows: 6 });
    expect((await rowsOf(estate, 'mart.keyed'))?.map((row) => (JSON.parse(row) as string[])[0])).toEqual(
      expect.arrayContaining(ids),
    );
  }, 120_000);
});
