import { type Estate, startEstate } from '../../support/estate.js';
import { category, digests, places, Reading, readOnce, unindexed } from './one-reading.js';
import { copyCategory, copyTable, serverOf } from './small-category.js';
import { steeredRun } from './steered-run.js';

const undated = Array.from(
  { length: 40 },
  (_, n) =>
    `('id${String(n).padStart(2, '0')}', ${n % 4 === 3 ? 'NULL' : `'2025-01-0${(n % 4) + 1} 23:59:59.999'`}, 'note', 1.5, ${n})`,
);

describe('one reading for all windows', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        ...unindexed,
        server03: serverOf('server03', [
          copyTable('undated', undated, true),
          { ...copyTable('heap', undated, true), primaryKey: [] },
          copyTable('encoded', undated, true),
        ]),
      },
    });
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

  it('ends with the join computed by another route, and reads each row of each table once', async () => {
    const reading = new Reading();
    const { summary } = await steeredRun(estate, { category }, reading);
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksParked: 0 });
    await exact();
    expect(reading.ranges.length).toBeGreaterThan(6);
    expect(new Set(reading.ranges).size).toBe(reading.ranges.length);
    for (const [server, database] of places) {
      const source = await estate.source(server, database);
      for (const table of ['cell_performance_data', 'ue_statistics_data']) {
        const { recordset } = await source
          .request()
          .query(
            `SELECT COUNT(*) FROM dbo.${table} WHERE data_timestamp >= '2025-01-01' AND data_timestamp < '2025-01-11'`,
          );
        expect([table, reading.rowsOf(`${server}/${database}`, table)]).toEqual([table, recordset[0]?.[0]]);
      }
    }
    // Nothing of the scan is kept, its keys least of all.
    expect(await scans()).toBe(0);
  }, 120_000);

  it('proves each range by the hash of the server, and has the windows found exported', async () => {
    expect(await rows(`SELECT DISTINCT reused FROM migration_control.step WHERE step = 'export'`)).toEqual([
      { reused: true },
    ]);
    const methods = await rows(
      `SELECT DISTINCT method, rows > 0 AS some FROM migration_control.checksum WHERE hop = 'source' ORDER BY 1`,
    );
    expect(methods).toEqual([
      { method: 'reader', some: false },
      { method: 'server', some: true },
    ]);
    expect(await rows('SELECT FROM migration_control.checksum WHERE matches IS FALSE')).toEqual([]);
  });

  it('keeps its boundaries out of every history', async () => {
    const source = await estate.source('server01', 'DatabaseA');
    const { recordset } = await source
      .request()
      .query('SELECT DISTINCT cell_id FROM dbo.cell_performance_data');
    const keys = (recordset as unknown as readonly (readonly string[])[]).map(([key]) => key ?? '');
    expect(keys.length).toBeGreaterThan(3);
    const { workflow } = estate.temporal.client;
    for await (const { workflowId, runId } of workflow.list()) {
      const history = JSON.stringify(
        await workflow.getHandle(workflowId, runId).fetchHistory(),
        (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value),
      );
      for (const key of keys) expect(history.includes(key)).toBe(false);
    }
  }, 60_000);

  it.each([
    ['a table that is cut by its key', 'undated', 5],
    ['a heap, which is one range', 'heap', 1],
  ])(
    'has rows without a date in a window of their own: %s',
    async (_, name, ranges) => {
      copyCategory(estate, name, {
        databases: { server03: ['One'] },
        leftFilter: null,
        consistency: 'quiesced',
        chunk: { onePass: true, scanRows: 9, allowScans: false },
        partitioned: false,
      });
      const reading = new Reading();
      const { summary } = await steeredRun(estate, { category: name }, reading);
      expect(summary).toMatchObject({ rows: 40, chunksParked: 0 });
      expect(reading.ranges).toHaveLength(ranges);
      expect(
        await rows(
          `SELECT window_label AS label, count(*)::int AS n FROM stage.${name} JOIN migration_control.chunk USING (chunk_id)
          GROUP BY 1 ORDER BY 1`,
        ),
      ).toEqual(['20250101', '20250102', '20250103', 'null'].map((label) => ({ label, n: 10 })));
      expect(await rows(`SELECT FROM mart.${name} WHERE taken_at IS NULL`)).toHaveLength(10);
    },
    60_000,
  );

  it('takes text as its bytes, that of the key by which ranges are cut as well', async () => {
    copyCategory(estate, 'encoded', {
      databases: { server03: ['One'] },
      leftFilter: null,
      consistency: 'quiesced',
      chunk: { onePass: true, scanRows: 9, allowScans: false },
      partitioned: false,
    });
    estate.configure('config/categories/encoded.json', (json) => {
      const [target] = json.targets as [{ columns: { name: string }[] }];
      for (const column of target.columns)
        if (column.name === 'id' || column.name === 'note')
          Object.assign(column, { type: 'bytea', policy: 'bytes' });
      return json;
    });
    const reading = new Reading();
    const { summary } = await steeredRun(estate, { category: 'encoded' }, reading);
    expect(summary).toMatchObject({ rows: 40, chunksParked: 0 });
    expect(reading.ranges).toHaveLength(5);
    const [last] = await rows('SELECT * FROM mart.encoded ORDER BY id DESC LIMIT 1');
    expect(last).toMatchObject({ id: Buffer.from('id39', 'utf16le'), note: Buffer.from('note', 'utf16le') });
    expect(
      await rows(
        `SELECT DISTINCT method FROM migration_control.checksum JOIN migration_control.chunk USING (chunk_id, run_id)
          WHERE category = 'encoded' AND hop = 'source' AND rows > 0`,
      ),
    ).toEqual([{ method: 'server' }]);
  }, 60_000);
});
