import { createTarget, type Target } from '../../../engine/postgres/connection';
import { insertRun } from '../../../engine/postgres/control/runs';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { removeRows } from '../../../engine/postgres/remove';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  importRows,
  ownerOf,
  plan,
  type Row,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const sources = [{ server: 'server01', database: 'DatabaseA' }];
const rowAt = (at: string, id = 'a'): Row => [id, `${at} 12:00:00.000`, 1n, null];
const days = {
  '2025-01-30': [rowAt('2025-01-30')],
  '2025-01-31': [rowAt('2025-01-31'), rowAt('2025-01-31', 'b')],
  '2025-02-01': [rowAt('2025-02-01')],
};

describe('removal of a restart', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
    await applyControlSchema(target);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  let removals = 0;
  const remove = async (
    name: string,
    inputPartition?: string,
    from = sources,
    runId = `removal-${++removals}`,
  ) => {
    await insertRun(target, { runId, category: 'cat', jobMode: 'restart', config: {} });
    return removeRows({
      target,
      table: targetTable(name),
      runId,
      category: 'cat',
      sources: from,
      signal: new AbortController().signal,
      ...(inputPartition && { inputPartition }),
    });
  };
  const left = async (name: string) =>
    (
      await target.query<{ day: string }>(`SELECT at::date::text AS day FROM stage.${name} ORDER BY 1`)
    ).rows.map((row) => row.day);
  const filenode = async (relation: string) =>
    (await target.query<{ node: number }>(`SELECT pg_relation_filenode('stage.${relation}') AS node`)).rows[0]
      ?.node;

  test('no partition: the whole table is truncated, ledger and states follow', async () => {
    await stageWith(target, targetTable('whole'), days);
    await target.query(`UPDATE migration_control.chunk SET state = 'DONE' WHERE target = 'whole'`);
    const node = await filenode('whole_p2025_01');
    expect(await remove('whole')).toEqual({ rowsRemoved: 4, form: 'truncate' });
    expect(await filenode('whole_p2025_01')).not.toBe(node);
    expect(await left('whole')).toEqual([]);
    const { rows } = await target.query(
      `SELECT state, (SELECT count(*)::int FROM migration_control.ledger WHERE target = 'whole') AS ledger
         FROM migration_control.chunk WHERE target = 'whole' GROUP BY 1`,
    );
    expect(rows).toEqual([{ state: 'PENDING', ledger: 0 }]);
  });

  test('a run removes once: a late second attempt leaves what was imported since', async () => {
    const ids = await stageWith(target, targetTable('onlyonce'), days);
    expect(await remove('onlyonce', undefined, sources, 'once-only')).toMatchObject({ rowsRemoved: 4 });
    const chunkId = ids.get('20250130') ?? '';
    expect((await ownerOf(target, chunkId)).epoch).toBe(1);
    await importRows(target, targetTable('onlyonce'), chunkId, [rowAt('2025-01-30')]);
    expect(await remove('onlyonce', undefined, sources, 'once-only')).toEqual({
      rowsRemoved: 0,
      form: 'before',
    });
    expect(await left('onlyonce')).toEqual(['2025-01-30']);
    expect((await ownerOf(target, chunkId)).epoch).toBe(1);
  });

  test('a month: its child is truncated, the others stay', async () => {
    await stageWith(target, targetTable('month'), days);
    const node = await filenode('month_p2025_01');
    expect(await remove('month', '202501')).toMatchObject({ rowsRemoved: 3, form: 'truncate' });
    expect(await filenode('month_p2025_01')).not.toBe(node);
    expect(await left('month')).toEqual(['2025-02-01']);
  });

  test('a day: its rows are deleted, wherever their values put them', async () => {
    await stageWith(target, targetTable('oneday'), {
      ...days,
      '2025-01-29': [rowAt('2025-02-27')],
    });
    expect(await remove('oneday', '20250129')).toEqual({
      rowsRemoved: 1,
      form: 'delete',
    });
    expect(await left('oneday')).toEqual(['2025-01-30', '2025-01-31', '2025-01-31', '2025-02-01']);
  });

  test.each([undefined, '202501'])(
    'rows of another source in the same place keep it from being truncated (%s)',
    async (partition) => {
      const table = targetTable(`shared_${partition ?? 'all'}`);
      await stageWith(target, table, days);
      await stageWith(
        target,
        table,
        { '2025-01-31': [rowAt('2025-01-31', 'other')] },
        scopeOf(table, `other-${partition}`, { server: 'server02' }),
      );
      expect(await remove(table.name, partition)).toMatchObject({ form: 'delete' });
      const { rows } = await target.query(`SELECT cell_id FROM stage.${table.name} WHERE at < '2025-02-01'`);
      expect(rows).toEqual([{ cell_id: 'other' }]);
      expect(
        (
          await target.query('SELECT count(*)::int AS n FROM migration_control.ledger WHERE target = $1', [
            table.name,
          ])
        ).rows,
      ).toEqual([{ n: partition === undefined ? 1 : 2 }]);
    },
  );

  test('a window imported wider than the day is refused before anything is removed', async () => {
    const table = targetTable('wide');
    await stageWith(target, table, days);
    const january = {
      window: { label: '202501', from: '2025-01-01 00:00:00', to: '2025-02-01 00:00:00' },
      ordinal: 1,
      fingerprint: 'f1',
      rowsPlanned: {},
    };
    const ids = await plan(target, scopeOf(table, 'wide-2'), [january]);
    await importRows(target, table, ids.get('202501') ?? '', [rowAt('2025-01-05')]);
    await expect(remove('wide', '20250131')).rejects.toMatchObject({
      code: 'PLAN_OVERLAP',
      message: expect.stringContaining('202501'),
    });
    expect(await left('wide')).toHaveLength(5);
  });

  test('nothing there is no error', async () => {
    expect(await remove('absent')).toEqual({ rowsRemoved: 0, form: 'nothing' });
  });
});
