import { createTarget, type Target } from '../../../engine/postgres/connection';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { prepareStage } from '../../../engine/postgres/stage';
import { stageCounts } from '../../../engine/postgres/stage-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { adoptRows, column, scopeOf, stageWith, targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

describe.each([18, 15] as const)('the stage on PostgreSQL %i', (version) => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres(version);
    target = createTarget(postgres.endpoint);
    await applyControlSchema(target);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  const rowsByChild = async (name: string) =>
    (
      await target.query(
        `SELECT tableoid::regclass::text AS child, count(*)::int AS rows FROM stage.${name} GROUP BY 1 ORDER BY 1`,
      )
    ).rows;

  test('has a child for each month and a default, and can be prepared again, by many at once', async () => {
    const table = targetTable('monthly');
    await Promise.all([1, 2, 3].map(() => prepareStage(target, table, ['202412', '202501'])));
    await prepareStage(target, table, ['202501', '202502']);
    await stageWith(target, table, {
      '2024-12-31': [['a', '2024-12-31 23:59:59.999', 1n, null]],
      '2025-01-01': [
        ['a', '2025-01-01 00:00:00.000', 1n, null],
        ['b', '2030-01-01 00:00:00.000', 1n, null],
      ],
    });
    expect(await rowsByChild('monthly')).toEqual([
      { child: 'stage.monthly_default', rows: 1 },
      { child: 'stage.monthly_p2024_12', rows: 1 },
      { child: 'stage.monthly_p2025_01', rows: 1 },
    ]);
    const { rows } = await target.query(
      `SELECT count(*)::int AS n FROM pg_indexes WHERE schemaname = 'stage' AND tablename LIKE 'monthly%'`,
    );
    expect(rows).toEqual([{ n: 5 }]);
  });

  test('a month that came before its child moves out of the default child', async () => {
    const table = targetTable('late');
    const ids = await stageWith(target, table, {
      '2025-03-05': [
        ['a', '2025-04-05 00:00:00.000', 1n, 'x'],
        ['b', '2025-03-05 00:00:00.000', 1n, 'x'],
      ],
    });
    expect(await rowsByChild('late')).toContainEqual({ child: 'stage.late_default', rows: 1 });
    await prepareStage(target, table, ['202504']);
    expect(await rowsByChild('late')).toEqual([
      { child: 'stage.late_p2025_03', rows: 1 },
      { child: 'stage.late_p2025_04', rows: 1 },
    ]);
    const counts = await stageCounts(target, table, scopeOf(table, ''));
    expect([...counts]).toEqual([[ids.get('20250305'), 2]]);
  });

  test('without a partition column it is one plain table', async () => {
    const { partitionColumn: _, ...table } = targetTable('plain');
    await prepareStage(target, table, []);
    await prepareStage(target, table, []);
    expect(
      (await target.query(`SELECT relkind FROM pg_class WHERE oid = 'stage.plain'::regclass`)).rows,
    ).toEqual([{ relkind: 'r' }]);
  });

  test('an existing table of another shape is refused with each difference', async () => {
    await prepareStage(target, targetTable('other'), []);
    const table = targetTable('other', {
      columns: [
        column('cell_id', 'varchar(60)', false),
        column('at', 'timestamp(3)', false),
        column('load', 'numeric(11,3)', false),
        column('more', 'integer'),
      ],
    });
    await expect(prepareStage(target, table, [])).rejects.toMatchObject({
      code: 'TARGET_SHAPE',
      message: expect.stringMatching(
        /cell_id is character varying\(50\), not character varying\(60\); column load is nullable; column more is missing; .*note is not declared/,
      ),
    });
    const { partitionColumn: _, ...plain } = targetTable('other');
    await expect(prepareStage(target, plain, [])).rejects.toMatchObject({
      message: expect.stringContaining('not a plain table'),
    });
  });

  test('types written in other words are the same shape', async () => {
    await prepareStage(target, targetTable('words'), []);
    const columns = [
      column('cell_id', 'CHARACTER VARYING (50)', false),
      column('at', 'timestamp(3) without time zone', false),
      column('load', 'decimal(11, 3)'),
      column('note', 'text'),
    ];
    await prepareStage(target, targetTable('words', { columns }), []);
  });

  test('a child’s name taken by a stranger is refused', async () => {
    await target.query('CREATE TABLE stage.squat_p2025_01 (id int)');
    await expect(prepareStage(target, targetTable('squat'), ['202501'])).rejects.toMatchObject({
      code: 'TARGET_SHAPE',
      message: expect.stringContaining('stage.squat_p2025_01'),
    });
  });

  test('a missing schema that may not be created names the grant', async () => {
    await expect(
      prepareStage(target, targetTable('nowhere', { stageSchema: 'no such' }), []),
    ).rejects.toMatchObject({
      code: 'TARGET_PERMISSION',
      message: expect.stringContaining('GRANT USAGE, CREATE ON SCHEMA "no such"'),
    });
  });

  test('names that need quoting work to the end', async () => {
    const table = targetTable('Odd "Name"', {
      columns: [column('Cell Id', 'text', false), column('at', 'timestamp', false)],
      primaryKey: ['Cell Id', 'at'],
    });
    await prepareStage(target, table, ['202501']);
    await target.query(`INSERT INTO stage."Odd ""Name""" VALUES ('a', '2025-01-01', 1)`);
    await adoptRows(target, table);
    await target.query(`CALL stage."stage_ctas_null_upd_Odd ""Name"""('mart', 'Odd "Name"')`);
    expect((await target.query(`SELECT "Cell Id" FROM mart."Odd ""Name"""`)).rows).toEqual([
      { 'Cell Id': 'a' },
    ]);
  });
});
