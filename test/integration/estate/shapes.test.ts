import type { Dependencies } from '../../../activities/dependencies.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { copyCategory, copyTable, joinCategory, joinTables } from './small-category.js';
import { rowsOf, states, steeredRun } from './steered-run.js';

const one = { databases: { now: ['One'] } };
const left = [
  `('a', '2025-01-01 08:00', 'Zürich 😀', 1.5, 1)`,
  `('b', '2025-01-02 23:59:59.999', '', -0.001, NULL)`,
  `('c', '2025-02-03 00:00', NULL, NULL, -5)`,
];
const whole = [
  '["a","2025-01-01T08:00:00","Zürich 😀",1.5,1]',
  '["b","2025-01-02T23:59:59.999","",-0.001,null]',
  '["c","2025-02-03T00:00:00",null,null,-5]',
];
const right = [`('a', '2025-01-01 08:00', 11)`];
const timeless = [...left, `('d', NULL, 'no time', 4, 4)`];

/** On the oldest PostgreSQL, with a server of today and one of 2017. */
describe('a category', () => {
  let estate: Estate;
  beforeAll(async () => {
    const copies = ['plain', 'months', 'open', 'outside'].map((name) => copyTable(name, left));
    const snapshot = { snapshotIsolation: true, readCommittedSnapshot: false };
    estate = await startEstate({
      postgres: 15,
      servers: {
        now: {
          name: 'now',
          logins: [],
          databases: [
            {
              name: 'One',
              ...snapshot,
              tables: [
                ...copies,
                copyTable('nulls', timeless, true),
                copyTable('timeless', timeless.slice(-1), true),
                ...joinTables('called', left, right),
                ...joinTables('written', left, right),
              ],
            },
            {
              name: 'Committed',
              snapshotIsolation: false,
              readCommittedSnapshot: true,
              tables: [...joinTables('rcsi', left, right), ...joinTables('busy', left, right)],
            },
            {
              name: 'Quiet',
              snapshotIsolation: false,
              readCommittedSnapshot: false,
              tables: [...joinTables('quiesced', left, right), ...joinTables('disturbed', left, right)],
            },
          ],
        },
        old: {
          name: 'old',
          logins: [],
          productVersion: '14.0.3456.2',
          databases: [{ name: 'Old', ...snapshot, tables: joinTables('aged', left, right) }],
        },
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const methods = async (category: string) => {
    const { rows } = await estate.postgres.query(
      `SELECT hop, method, bool_and(coalesce(matches, true)) AS equal, sum(rows)::int AS rows
         FROM migration_control.checksum JOIN migration_control.chunk USING (chunk_id, run_id)
        WHERE category = $1 AND subject LIKE '%left' GROUP BY 1, 2 ORDER BY 1`,
      [category],
    );
    return rows.map(({ hop, method, equal, rows: n }) => `${hop} by ${method}: ${n} ${equal}`);
  };

  it('copies a table as it is, in one chunk', async () => {
    copyCategory(estate, 'plain', { ...one, leftFilter: null, chunk: { by: 'none' } });
    expect(await estate.run({ category: 'plain' })).toMatchObject({ chunksDone: 1, rows: 3 });
    expect(await states(estate, 'plain')).toEqual(['One/all DONE']);
    expect(await rowsOf(estate, 'mart.plain')).toEqual(whole);
  }, 60_000);

  it('has months as chunks, also those that a filter cuts', async () => {
    const leftFilter = "taken_at >= '2025-01-02' AND taken_at < '2025-03-10'";
    copyCategory(estate, 'months', { ...one, leftFilter, chunk: { grain: 'month' } });
    await estate.run({ category: 'months' });
    expect(await states(estate, 'months')).toEqual(
      ['202501', '202502', '202503'].map((m) => `One/${m} DONE`),
    );
    expect(await rowsOf(estate, 'mart.months')).toEqual(whole.slice(1));
  }, 60_000);

  it('has windows open to both sides where no filter bounds it', async () => {
    copyCategory(estate, 'open', { ...one, leftFilter: null, chunk: { grain: 'month' } });
    await estate.run({ category: 'open' });
    const windows = ['One/lt20250101 DONE', 'One/202501 DONE', 'One/202502 DONE', 'One/ge20250301 DONE'];
    expect(await states(estate, 'open')).toEqual(windows);
    expect(await rowsOf(estate, 'mart.open')).toEqual(whole);
  }, 60_000);

  it('takes rows that an open window gained since it was planned', async () => {
    const source = await estate.source('now', 'One');
    const late = async () => {
      await source
        .request()
        .query(
          `INSERT INTO dbo.open_left (id, taken_at) VALUES ('early', '1999-12-31 23:59:59.999'); INSERT INTO dbo.open_left (id, taken_at) VALUES ('late', '2031-01-01')`,
        );
    };
    const { summary } = await steeredRun(
      estate,
      { category: 'open', jobMode: 'restart' },
      {
        activities: (own) => ({
          prepareTargets: async (ref) => {
            await late();
            return own.prepareTargets(ref);
          },
        }),
      },
    );
    expect(summary).toMatchObject({ rows: 5 });
    expect(await rowsOf(estate, 'mart.open')).toEqual(
      [
        ...whole,
        '["early","1999-12-31T23:59:59.999",null,null,null]',
        '["late","2031-01-01T00:00:00",null,null,null]',
      ].sort(),
    );
  }, 60_000);

  it('has a chunk for rows whose chunk column is NULL', async () => {
    copyCategory(estate, 'nulls', {
      ...one,
      leftFilter: null,
      chunk: { grain: 'month' },
      partitioned: false,
    });
    await estate.run({ category: 'nulls' });
    expect((await states(estate, 'nulls')).at(-1)).toBe('One/null DONE');
    expect(await rowsOf(estate, 'mart.nulls')).toEqual([...whole, '["d",null,"no time",4,4]']);
  }, 60_000);

  it('reads rows once where none has a value in the chunk column', async () => {
    copyCategory(estate, 'timeless', { ...one, leftFilter: null, partitioned: false });
    await estate.run({ category: 'timeless' });
    expect(await states(estate, 'timeless')).toEqual(['One/all DONE', 'One/null DONE']);
    expect(await rowsOf(estate, 'mart.timeless')).toEqual(['["d",null,"no time",4,4]']);
  }, 60_000);

  it('completes with no chunk, and says so, where input_partition lies outside of the filter', async () => {
    copyCategory(estate, 'outside', one);
    let status: unknown;
    const { summary } = await steeredRun(
      estate,
      { category: 'outside', inputPartition: '20250301' },
      {
        during: async (handle) => {
          await handle.result();
          status = await handle.query('status');
        },
      },
    );
    expect(summary).toMatchObject({ chunksDone: 0, chunksParked: 0, rows: 0 });
    expect(status).toMatchObject({ chunks: { planned: 0 }, rowsPlanned: 0, rowsLeftOut: 2 });
  }, 60_000);

  it('is proven by the reader where the server is too old to hash UTF-8', async () => {
    joinCategory(estate, 'aged', { databases: { old: ['Old'] } });
    await estate.run({ category: 'aged' });
    expect(await methods('aged')).toEqual([
      'raw by reader: 2 true',
      'source by reader: 2 true',
      'transformed by duckdb: 2 true',
      'transformed by none: 0 true',
    ]);
    expect(await rowsOf(estate, 'mart.aged')).toHaveLength(2);
  }, 60_000);

  it.each([
    ['rcsi', 'Committed', 'reader'],
    ['quiesced', 'Quiet', 'server'],
  ] as const)(
    'with consistency "%s" reads where SNAPSHOT is off',
    async (consistency, database, method) => {
      joinCategory(estate, consistency, { databases: { now: [database] }, consistency });
      await estate.run({ category: consistency });
      expect(await methods(consistency)).toContain(`source by ${method}: 2 true`);
      expect(await rowsOf(estate, `mart.${consistency}`)).toHaveLength(2);
    },
    60_000,
  );

  /** Writes to the source between the rows of a chunk and the server's checksum of them. */
  const writing =
    (database: string, statement: string) =>
    (own: Dependencies): Dependencies => ({
      ...own,
      openSource: async (config, source, step) => {
        const session = await own.openSource(config, source, step);
        const stream = session.stream.bind(session);
        session.stream = async (...args) => {
          const rows = await stream(...args);
          await (await estate.source('now', database)).request().query(statement);
          return rows;
        };
        return session;
      },
    });

  it('sees one instant while others write, in SNAPSHOT', async () => {
    joinCategory(estate, 'written', one);
    const { summary } = await steeredRun(
      estate,
      { category: 'written' },
      { dependencies: writing('One', `UPDATE dbo.written_left SET dropped = dropped + 100`) },
    );
    expect(summary).toMatchObject({ chunksDone: 3, chunksParked: 0 });
    expect(await methods('written')).toContain('source by server: 2 true');
  }, 60_000);

  it('compares with what the very statement read where each statement has its own instant', async () => {
    joinCategory(estate, 'busy', { databases: { now: ['Committed'] }, consistency: 'rcsi' });
    const { summary } = await steeredRun(
      estate,
      { category: 'busy' },
      { dependencies: writing('Committed', `UPDATE dbo.busy_left SET dropped = dropped + 100`) },
    );
    expect(summary).toMatchObject({ chunksDone: 3, chunksParked: 0 });
  }, 60_000);

  it('notices a writer on a source that was said to be quiesced', async () => {
    joinCategory(estate, 'disturbed', { databases: { now: ['Quiet'] }, consistency: 'quiesced' });
    await steeredRun(
      estate,
      { category: 'disturbed' },
      { dependencies: writing('Quiet', `UPDATE dbo.disturbed_left SET dropped = dropped + 100`) },
    );
    expect(await states(estate, 'disturbed')).toContain('Quiet/20250101 NEEDS_ATTENTION CHECKSUM_EXPORT');
  }, 60_000);

  it('finalized twice swaps once, and the founding CALL gives the same table elsewhere', async () => {
    joinCategory(estate, 'called', one);
    await estate.run({ category: 'called' });
    await estate.run({ category: 'called' });
    const { rows } = await estate.postgres.query(
      `SELECT reused, old_table FROM migration_control.target WHERE target = 'called' ORDER BY finished_at`,
    );
    expect(rows).toEqual([
      { reused: false, old_table: null },
      { reused: true, old_table: null },
    ]);
    await estate.postgres.query('CREATE SCHEMA mart2');
    await estate.postgres.query(`CALL stage.stage_ctas_null_upd_called('mart2', 'called')`);
    expect(await rowsOf(estate, 'mart2.called')).toEqual(await rowsOf(estate, 'mart.called'));
    expect(await rowsOf(estate, 'mart2.called')).toHaveLength(2);
  }, 60_000);
});
