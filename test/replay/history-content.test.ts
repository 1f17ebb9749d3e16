import { foundingDatabase } from '../../sandbox/seed/founding-servers.js';
import { type Estate, startEstate } from '../support/estate.js';
import { type History, recordHistories, textsOf } from '../support/histories.js';

/** Invariants 4 and 9, on the histories of a run over real rows: one that completes, and one that parks chunks. */
describe('the histories of a run', () => {
  const category = 'migrate/cell_perf_stats';
  const database = `${category}/cell_perf_stats/server01/DatabaseA`;
  let estate: Estate;
  let histories: readonly History[];
  let rowValues: readonly string[];

  beforeAll(async () => {
    const style = {
      name: 'DatabaseA',
      idPrefix: 'cell-zq',
      rows: 60,
      text: 'nvarchar',
      time: 'datetime2',
    } as const;
    estate = await startEstate({ servers: { server01: [style] } });
    await estate.run();
    const { rows: windows } = await estate.postgres.query<{ window_label: string }>(
      'SELECT window_label FROM migration_control.chunk ORDER BY ordinal',
    );
    const chunks = windows.map(({ window_label: label }) => `${database}/${label}`);
    await recordHistories(estate.temporal, 'real', [category, database, ...chunks.slice(0, 1)]);
    const completed = await fetch([category, database, ...chunks]);
    await estate.run({ jobMode: 'restart', inputPartition: '20250101' });
    const restarted = await fetch([category]);
    await park();
    histories = [...completed, ...restarted, ...(await fetch([category, database, ...chunks]))];
    rowValues = await valuesOf();
  }, 150_000);
  afterAll(() => estate?.stop());

  const fetch = (ids: readonly string[]): Promise<readonly History[]> =>
    Promise.all(ids.map((id) => estate.temporal.client.workflow.getHandle(id).fetchHistory()));

  /** Keys that match only without case park their chunks: an error about values of rows, with its message. */
  async function park(): Promise<void> {
    estate.configure('config/categories/cell_perf_stats.json', (json) => ({
      ...json,
      targets: (json.targets as Record<string, unknown>[]).map(({ joinKeys: _, ...target }) => target),
    }));
    const source = await estate.source('server01', 'DatabaseA');
    await source.request().query('UPDATE dbo.ue_statistics_data SET device_id = UPPER(device_id)');
    expect(await estate.fail({ jobMode: 'restart' })).toMatchObject({ type: 'CHUNKS_NEED_ATTENTION' });
  }

  /** Keys and texts of the source that could stand nowhere else. */
  async function valuesOf(): Promise<readonly string[]> {
    const source = await estate.source('server01', 'DatabaseA');
    const { recordset } = await source
      .request()
      .query('SELECT DISTINCT cell_id, cell_location FROM dbo.cell_performance_data');
    const values = (recordset as unknown as (readonly (string | null)[])[]).flat();
    return [...new Set(values)].filter(
      (value): value is string => value !== null && value.trim().length >= 6,
    );
  }

  const texts = () => histories.flatMap((history) => textsOf(history));
  const holding = (needle: string): readonly string[] => {
    const wanted = needle.toLowerCase();
    return texts()
      .map(({ text }) => text)
      .filter((text) => text.toLowerCase().includes(wanted));
  };

  it('are of a category, a database and chunks, of a completed and of a failed run', () => {
    expect(histories.length).toBeGreaterThanOrEqual(20);
    const last = histories.map(({ events }) => Object.keys(events?.at(-1) ?? {}).join());
    expect(last.filter((keys) => keys.includes('Failed')).length).toBeGreaterThan(1);
    expect(holding('JOIN_COLLATION')).not.toEqual([]);
  });

  it('hold no value of a row', () => {
    expect(rowValues.length).toBeGreaterThan(20);
    expect(rowValues.filter((value) => holding(value).length > 0)).toEqual([]);
  });

  // A message may name the columns of a join or of a bad value; more than a handful is a list.
  it('hold no list of columns', () => {
    const { tables } = foundingDatabase({
      name: 'x',
      idPrefix: 'x',
      rows: 0,
      text: 'varchar',
      time: 'datetime',
    });
    const columns = tables.flatMap((table) => table.columns.map(({ name }) => name));
    const named = (text: string): number =>
      new Set(columns.filter((name) => text.toLowerCase().includes(name))).size;
    expect(texts().filter(({ text }) => named(text) > 4)).toEqual([]);
  });

  it('hold no boundary of a window and no filter', () => {
    const pattern = /data_timestamp"?\s*[<>]|\d{4}-\d\d-\d\d[ T]00:00:00|'2025-01-/;
    expect(texts().filter(({ text }) => pattern.test(text))).toEqual([]);
  });

  it('hold no secret', () => {
    const { RDS_PASSWORD = '', SOURCE_SECRET = '' } = estate.environment;
    const { password } = JSON.parse(SOURCE_SECRET) as { readonly password: string };
    for (const secret of [RDS_PASSWORD, password]) {
      expect(secret.length).toBeGreaterThan(6);
      expect(holding(secret)).toEqual([]);
    }
  });

  it('count nothing as done in the plan of a restart, which removes it', () => {
    const plans = texts().filter(({ text }) => text.includes('"rowsLeftOut"'));
    expect(plans.map(({ text }) => JSON.parse(text))).toMatchObject([
      { chunks: 10, done: 0 },
      { chunks: 1, done: 0 },
      { chunks: 10, done: 0 },
    ]);
  });

  it('hold no payload of 64 KB or more', () => {
    const sizes = texts().map(({ bytes }) => bytes);
    expect(sizes.length).toBeGreaterThan(1_000);
    expect(Math.max(...sizes)).toBeLessThan(65_536);
  });
});
