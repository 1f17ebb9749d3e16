import { setTimeout as sleep } from 'node:timers/promises';
import type { Activities, RangeRef } from '../../../activities/contract.js';
import type { Dependencies } from '../../../activities/dependencies.js';
import { MigrationError } from '../../../engine/errors.js';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';
import { copyCategory, copyTable, serverOf } from './small-category.js';
import { steeredRun } from './steered-run.js';

/** Without an index that leads with the time: a window would be a scan of the table. */
const unindexed = Object.fromEntries(
  Object.entries(foundingStyles(300)).map(([server, databases]) => [
    server,
    databases.map((style) => ({ ...style, timeIndex: false })),
  ]),
);
const places = [
  ['server01', 'DatabaseA'],
  ['server02', 'DatabaseA'],
] as const;
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
        ]),
      },
    });
    estate.configure('config/server-mappings.json', (json) => ({
      ...json,
      databases: {
        ...Object.fromEntries(places.map(([server, database]) => [server, [database]])),
        server03: [],
      },
    }));
    onePass(80);
  }, 180_000);
  afterAll(() => estate?.stop());

  const category = 'cell_perf_stats';
  const onePass = (scanRows: number): void =>
    estate.configure(`config/categories/${category}.json`, (json) => {
      const [target] = json.targets as readonly object[];
      const chunk = { by: 'date', grain: 'day', onePass: true, scanRows };
      return { ...json, consistency: 'quiesced', targets: [{ ...target, chunk }] };
    });
  const expected = async (): Promise<string> =>
    digest(
      await joinedRows(
        await Promise.all(places.map(([server, database]) => estate.source(server, database))),
      ),
    );
  const found = async (): Promise<string> => digest(await targetRows(estate.postgres));
  const rows = async <T extends object>(text: string): Promise<readonly T[]> =>
    (await estate.postgres.query<T>(text)).rows;
  const read = async (): Promise<readonly string[]> =>
    (
      await rows<Range>(
        'SELECT range_id::text AS id FROM migration_control.scan_range WHERE rows IS NOT NULL',
      )
    ).map(({ id }) => id);
  const scans = async (): Promise<number> => (await rows('SELECT FROM migration_control.scan')).length;

  it('ends with the join computed by another route, and reads each row of each table once', async () => {
    const reading = new Reading();
    const { summary } = await steeredRun(estate, { category }, reading);
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksParked: 0 });
    expect(await found()).toBe(await expected());
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

  it('reads a range again that broke off, and no other', async () => {
    const reading = new Reading({ breaks: 3, after: 4 });
    await steeredRun(estate, { category, jobMode: 'restart' }, reading);
    expect(await found()).toBe(await expected());
    const again = reading.ranges.filter((range, n) => reading.ranges.indexOf(range) !== n);
    expect(again).toHaveLength(3);
    expect(await scans()).toBe(0);
  }, 120_000);

  it('is gone on with by the next run where a run was given up in the middle', async () => {
    const first = new Reading({ holds: 5 });
    await steeredRun(
      estate,
      { category, jobMode: 'restart' },
      {
        ...first,
        during: async (handle) => {
          while ((await read()).length < 3) await sleep(50);
          await handle.terminate('the test gives up on it');
          first.release();
        },
      },
    );
    const done = await read();
    const second = new Reading();
    const { summary } = await steeredRun(estate, { category }, second);
    expect(summary).toMatchObject({ state: 'COMPLETED', chunksParked: 0 });
    for (const id of done) expect(second.ranges).not.toContain(id);
    expect(await found()).toBe(await expected());
  }, 120_000);

  it('parks the chunks where it cannot be read, and a retry goes on with it', async () => {
    estate.configure(`config/categories/${category}.json`, (json) => ({ ...json, attention: { wait: 60 } }));
    const reading = new Reading({ fails: true, after: 5 });
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
    expect(before.length).toBeGreaterThan(2);
    const after = reading.ranges.slice(reading.mendedAt);
    for (const id of before) expect(after).not.toContain(id);
    expect(await found()).toBe(await expected());
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
    expect(await found()).toBe(await expected());
  }, 120_000);

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
});

interface Range {
  readonly id: string;
}

interface Fault {
  /** So many times the stream of a range breaks off in its middle. */
  readonly breaks?: number;
  /** Every range is refused. */
  readonly fails?: boolean;
  /** So many ranges are read unharmed first. */
  readonly after?: number;
  /** Ranges beyond so many wait until `release`. */
  readonly holds?: number;
}

/** Counts what is read, and meddles with it. */
class Reading {
  readonly ranges: string[] = [];
  mendedAt = 0;
  readonly #rows = new Map<string, number>();
  #breaks: number;
  #fails: boolean;
  #spare: number;
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(private readonly fault: Fault = {}) {
    this.#breaks = fault.breaks ?? 0;
    this.#fails = fault.fails ?? false;
    this.#spare = fault.after ?? 0;
  }

  /** Rows of complete readings, by `server/database` and table. */
  rowsOf(place: string, table: string): number {
    return this.#rows.get(`${place} ${table}`) ?? 0;
  }

  mend(): void {
    this.#fails = false;
    this.mendedAt = this.ranges.length;
  }

  readonly activities = (own: Activities): Partial<Activities> => ({
    scanRange: async (ref: RangeRef) => {
      if (this.fault.holds !== undefined && this.ranges.length >= this.fault.holds) {
        await this.#released;
      }
      this.ranges.push(ref.rangeId);
      return own.scanRange(ref);
    },
  });

  readonly dependencies = (own: Dependencies): Dependencies => ({
    ...own,
    openSource: async (config, source, step) => {
      const session = await own.openSource(config, source, step);
      const stream: typeof session.stream = async (statement, params, columns, onBatch, ...rest) => {
        this.#spare -= 1;
        const due = this.#spare < 0;
        if (due && this.#fails) throw new MigrationError('SOURCE_QUERY', 'The test refuses this.');
        const read = await session.stream(
          statement,
          params,
          columns,
          async (batch) => {
            await onBatch(batch);
            this.#breaks -= due ? 1 : 0;
            if (due && this.#breaks >= 0)
              throw new MigrationError('SOURCE_CONNECTION', 'The test broke it off.');
          },
          ...rest,
        );
        const place = `${source.server}/${source.database} ${/FROM \[dbo\]\.\[(\w+)\]/.exec(statement)?.[1]}`;
        this.#rows.set(place, (this.#rows.get(place) ?? 0) + read.rows);
        return read;
      };
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'stream') return stream;
          if (name === 'inSnapshot')
            return (_: unknown, work: (tx: typeof session) => Promise<unknown>) =>
              work(
                Object.assign(Object.create(null), {
                  place: target.place,
                  query: target.query.bind(target),
                  stream,
                }),
              );
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
}
