import { type Estate, startEstate } from '../../support/estate.js';
import { copyCategory, copyTable, joinCategory, joinTables, serverOf, threeDays } from './small-category.js';
import {
  chunks,
  historyText,
  meddleBefore,
  rowsOf,
  type Steering,
  states,
  steeredRun,
} from './steered-run.js';

const one = { databases: { server01: ['One'] } };
const left = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('b', '2025-01-02 08:00', 'second', 2.5, 2)`,
  `('c', '2025-01-03 08:00', 'third', 3.5, 3)`,
];
const right = [
  `('a', '2025-01-01 08:00', 1)`,
  `('b', '2025-01-02 08:00', 5)`,
  `('c', '2025-01-03 08:00', 9)`,
];
const again = [`('a', '2025-01-01 08:00', 11)`, `('b', '2025-01-02 08:00', 12)`];
const whole = [
  '["a","2025-01-01T08:00:00","first",1.5,1]',
  '["b","2025-01-02T08:00:00","second",2.5,2]',
  '["c","2025-01-03T08:00:00","third",3.5,3]',
];
const nothings = [
  `('all null', '2025-01-01 08:00', NULL, NULL, NULL)`,
  `('empty', '2025-01-01 08:00', '', 0, 0)`,
  `('None', '2025-01-01 08:00', 'None', 0, -2147400000)`,
  `('NULL', '2025-01-01 08:00', 'NULL', 0, -2147400000)`,
  `('\\N', '2025-01-01 08:00', '\\N', 0, -1)`,
];
const secret = 'Hedwig';
const poisoned = [left[0] ?? '', `('b', '2025-01-02 08:00', '${secret}' || chr(0), 2.5, 2)`, left[2] ?? ''];

describe('what others got wrong', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: serverOf('server01', [
          ...['resumed', 'grown', 'killed'].map((name) => copyTable(name, left)),
          ...joinTables('filtered', left, right),
          ...joinTables('recent', left, right),
          ...joinTables('siblings', left, [...right, ...again]),
          copyTable('nothings', nothings),
          copyTable('poisoned', poisoned),
        ]),
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const source = async (statement: string): Promise<void> => {
    await (await estate.source('server01', 'One')).request().query(statement);
  };

  it('a "done" flag before its commit: killed between COPY and COMMIT, nothing is in ledger or stage', async () => {
    copyCategory(estate, 'killed', { ...one, chunk: { by: 'none' }, leftFilter: null });
    const seen: unknown[] = [];
    const steering: Steering = {
      activities: (own) => ({
        importChunk: async (ref) => {
          const { rows } = await estate.postgres.query(
            `SELECT (SELECT count(*)::int FROM migration_control.ledger WHERE chunk_id = $1) AS ledger,
                    (SELECT count(*)::int FROM stage.killed) AS stage`,
            [ref.chunkId],
          );
          seen.push(rows[0]);
          if (seen.length === 1)
            await estate.postgres.query(`
              CREATE SEQUENCE kills;
              GRANT ALL ON SEQUENCE kills TO PUBLIC;
              CREATE FUNCTION kill_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('public.kills') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
                RETURN NULL; END $$;
              CREATE CONSTRAINT TRIGGER kill_once AFTER INSERT ON stage.killed
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kill_once()`);
          return own.importChunk(ref);
        },
      }),
    };
    const { summary } = await steeredRun(estate, { category: 'killed' }, steering);
    await estate.postgres.query('DROP TRIGGER kill_once ON stage.killed');
    expect(seen).toEqual([
      { ledger: 0, stage: 0 },
      { ledger: 0, stage: 0 },
    ]);
    expect(summary).toMatchObject({ chunksDone: 1, rows: 3 });
    expect(await rowsOf(estate, 'mart.killed')).toEqual(whole);
  }, 60_000);

  it('truncate at every start while resume skips: earlier rows stay, and later ones join them', async () => {
    const leftFilter = "taken_at >= '2025-01-01' AND taken_at < '2025-01-03'";
    copyCategory(estate, 'resumed', { ...one, leftFilter });
    await estate.run({ category: 'resumed' });
    await estate.run({ category: 'resumed' });
    expect(await rowsOf(estate, 'stage.resumed')).toEqual(whole.slice(0, 2));
    await estate.run({ category: 'resumed', inputPartition: '20250102' });
    expect(await rowsOf(estate, 'mart.resumed')).toEqual(whole.slice(0, 2));
    copyCategory(estate, 'resumed', one);
    await estate.run({ category: 'resumed', inputPartition: '20250103' });
    expect(await rowsOf(estate, 'mart.resumed')).toEqual(whole);
  }, 60_000);

  it('both exports given the first table’s filter: each table is read by its own', async () => {
    joinCategory(estate, 'filtered', {
      ...one,
      leftFilter: `${threeDays} AND dropped < 3`,
      rightFilter: `${threeDays} AND quality > 4`,
    });
    await estate.run({ category: 'filtered' });
    expect(await rowsOf(estate, 'mart.filtered')).toEqual([
      '["a","2025-01-01T08:00:00","first",1.5,1,null,null]',
      '["b","2025-01-02T08:00:00","second",2.5,2,"b",5]',
    ]);
    const { rows } = await estate.postgres.query(
      `SELECT subject, array_agg(rows::int ORDER BY window_label) AS rows
         FROM migration_control.checksum JOIN migration_control.chunk USING (chunk_id, run_id)
        WHERE category = 'filtered' AND hop = 'source' GROUP BY subject ORDER BY subject`,
    );
    expect(rows).toEqual([
      { subject: 'dbo.filtered_left', rows: [1, 1, 0] },
      { subject: 'dbo.filtered_right', rows: [0, 1, 1] },
    ]);
  }, 60_000);

  it.each(['WHERE', 'AND'])(
    'a transform that keeps only recent rows (%s): refused before anything is touched',
    async (by) => {
      joinCategory(estate, 'recent', one);
      await estate.run({ category: 'recent' });
      const live = await rowsOf(estate, 'mart.recent');
      joinCategory(estate, 'recent', { ...one, tail: `${by} l.taken_at >= '2025-01-03'` });
      expect(await estate.fail({ category: 'recent', jobMode: 'restart' })).toMatchObject({
        type: 'TRANSFORM_INVALID',
        message: expect.stringContaining('source_filter_<table>'),
      });
      expect(live).toHaveLength(3);
      expect(await rowsOf(estate, 'mart.recent')).toEqual(live);
      expect(await rowsOf(estate, 'stage.recent')).toEqual(live);
    },
    60_000,
  );

  it('one success letting failed siblings through: a transform that doubles rows of two days parks both, and nothing is swapped', async () => {
    joinCategory(estate, 'siblings', { ...one, tail: 'AND l.dropped = r.quality' });
    await estate.run({ category: 'siblings' });
    const live = await rowsOf(estate, 'mart.siblings');
    joinCategory(estate, 'siblings', one);
    expect(await estate.fail({ category: 'siblings', jobMode: 'restart' })).toMatchObject({
      type: 'CHUNKS_NEED_ATTENTION',
      message: expect.stringMatching(/^2 chunks need attention/),
    });
    expect(await states(estate, 'siblings')).toEqual([
      'One/20250101 NEEDS_ATTENTION JOIN_FANOUT',
      'One/20250102 NEEDS_ATTENTION JOIN_FANOUT',
      'One/20250103 DONE',
    ]);
    expect(live).toHaveLength(3);
    expect(await rowsOf(estate, 'mart.siblings')).toEqual(live);
    const { rows } = await estate.postgres.query(
      `SELECT state FROM migration_control.run WHERE category = 'siblings' ORDER BY started_at DESC LIMIT 1`,
    );
    expect(rows).toEqual([{ state: 'FAILED' }]);
  }, 60_000);

  it('"rows exported" taken from a COUNT: what came after the plan is counted as written', async () => {
    copyCategory(estate, 'grown', one);
    const grow = () =>
      source(`INSERT INTO dbo.grown_left (id, taken_at) VALUES ('later', '2025-01-02 09:00')`);
    await steeredRun(estate, { category: 'grown' }, meddleBefore(estate, 'exportChunk', '20250102', grow));
    const { rows } = await estate.postgres.query(
      `SELECT rows_planned->>'dbo.grown_left' AS planned, s.rows::int AS exported, l.rows::int AS imported
         FROM migration_control.chunk c JOIN migration_control.step s USING (chunk_id, run_id)
         JOIN migration_control.ledger l USING (chunk_id)
        WHERE category = 'grown' AND window_label = '20250102' AND step = 'export'`,
    );
    expect(rows).toEqual([{ planned: '1', exported: 2, imported: 2 }]);
    expect(await rowsOf(estate, 'mart.grown')).toHaveLength(4);
  }, 60_000);

  it('NULL turned into a sentinel or a text: what is NULL, empty and only looks like NULL stays apart', async () => {
    copyCategory(estate, 'nothings', one);
    await estate.run({ category: 'nothings' });
    expect(await rowsOf(estate, 'mart.nothings')).toEqual([
      '["NULL","2025-01-01T08:00:00","NULL",0,-2147400000]',
      '["None","2025-01-01T08:00:00","None",0,-2147400000]',
      '["\\\\N","2025-01-01T08:00:00","\\\\N",0,-1]',
      '["all null","2025-01-01T08:00:00",null,null,null]',
      '["empty","2025-01-01T08:00:00","",0,0]',
    ]);
  }, 60_000);

  it('one bad value blocks everything: it parks its chunk, is told nowhere, and is mended at the source', async () => {
    copyCategory(estate, 'poisoned', one);
    const { message } = await estate.fail({ category: 'poisoned' });
    const place = 'poisoned/server01/One/20250102';
    expect(await states(estate, 'poisoned')).toEqual([
      'One/20250101 DONE',
      'One/20250102 NEEDS_ATTENTION VALUE_UNREPRESENTABLE',
      'One/20250103 DONE',
    ]);
    const parked = (await chunks(estate, 'poisoned')).find(({ state }) => state !== 'DONE');
    expect(parked?.message).toMatch(
      /^poisoned server01\/One 20250102: Column note, row 0 of the chunk: .*U\+0000/,
    );
    const told = [message, parked?.message];
    for (const id of ['poisoned', `poisoned/${place}`]) told.push(await historyText(estate, `migrate/${id}`));
    expect(told.join()).toContain('VALUE_UNREPRESENTABLE');
    expect(told.join()).not.toContain(secret);

    await source(`UPDATE dbo.poisoned_left SET note = 'second' WHERE id = 'b'`);
    expect(await estate.run({ category: 'poisoned' })).toMatchObject({ chunksDone: 3 });
    expect(await rowsOf(estate, 'mart.poisoned')).toEqual(whole);
  }, 60_000);
});
