import { keyOf } from '../../../engine/plan/key-windows';
import type { Window } from '../../../engine/plan/windows';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { loadChunk, markDone } from '../../../engine/postgres/control/chunks';
import { refuseOverlaps } from '../../../engine/postgres/control/plan-chunks';
import { keptGrid, plannedMonths, rowsOutsidePlan } from '../../../engine/postgres/control/planned-windows';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { recordSourceTables } from '../../../engine/postgres/control/source-tables';
import { splitChunk } from '../../../engine/postgres/control/split-chunk';
import { removeRows } from '../../../engine/postgres/remove';
import { prepareStage } from '../../../engine/postgres/stage';
import { stageCounts } from '../../../engine/postgres/stage-rows';
import { takeOverOpenEnds } from '../../../engine/postgres/take-over';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { column, importRows, ownerOf, plan, scopeOf, targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

const of = 'dbo.t.id varchar Latin1_General_CI_AS';
const whole = keyOf(of, undefined);
const january = keyOf(of, '202501');
const february = keyOf(of, '202502');
/** Text as it comes from a source: quotes, U+0000 and half of a surrogate pair. */
const bound = JSON.stringify('a"\\\0\ud800');
const source = { schema: 'dbo', table: 't', chunkColumn: 'id', filterBounds: {} };

function grid(key: typeof whole, prefix = ''): readonly Window[] {
  return [
    { label: `${prefix}k00001`, to: bound, key },
    { label: `${prefix}k00002`, from: bound, key },
    { label: `${prefix}null`, isNull: true, key },
  ];
}

describe('chunks by key in the control tables', () => {
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

  const tableOf = (name: string) =>
    targetTable(name, {
      sources: [source],
      chunk: { by: 'key', grain: 'day', rows: 10, allowScans: false, onePass: false, scanRows: 1_000 },
    });
  const planned = async (name: string, runId: string, windows: readonly Window[]) => {
    const table = tableOf(name);
    const scope = scopeOf(table, runId);
    await prepareStage(target, table, []);
    const columns = [
      { ...column('id', 'varchar(50)'), sourceType: 'varchar(50)', collation: 'Latin1_General_CI_AS' },
    ];
    await recordSourceTables(target, runId, scope, [
      { schema: 'dbo', table: 't', columns, serverHash: true },
    ]);
    const chunks = windows.map((window, ordinal) => ({
      window,
      ordinal,
      fingerprint: `f ${window.label}`,
      rowsPlanned: { 'dbo.t': 1 },
    }));
    return plan(target, scope, chunks, await stageCounts(target, table, scope));
  };
  const idOf = async (name: string, label: string) => {
    const { rows } = await target.query<{ id: string }>(
      'SELECT chunk_id::text AS id FROM migration_control.chunk WHERE target = $1 AND window_label = $2',
      [name, label],
    );
    return rows[0]?.id ?? '';
  };
  const bring = async (name: string, label: string, at: string) => {
    const { chunkId, fingerprint } = await loadChunk(target, { chunkId: await idOf(name, label) });
    await importRows(target, tableOf(name), chunkId, [[label, `${at}.000`, 1n, null]], fingerprint);
    await markDone(target, await ownerOf(target, chunkId), fingerprint);
  };
  const staged = async (name: string) =>
    (await target.query<{ id: string }>(`SELECT cell_id AS id FROM stage.${name} ORDER BY 1`)).rows.map(
      ({ id }) => id,
    );
  const sources = [{ server: 'server01', database: 'DatabaseA' }];
  const remove = (name: string, runId: string, inputPartition: string) =>
    removeRows({
      target,
      table: tableOf(name),
      runId,
      category: 'cat',
      sources,
      inputPartition,
      signal: new AbortController().signal,
    });
  const takeOver = (name: string, runId: string) =>
    takeOverOpenEnds({
      target,
      table: tableOf(name),
      runId,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  const kept = (name: string, key = whole) => keptGrid(target, scopeOf(tableOf(name), ''), key);

  it('come back as they were planned, whatever a key holds', async () => {
    await planned('exact', 'exact-1', grid(whole));
    for (const window of grid(whole)) {
      const chunk = await loadChunk(target, { chunkId: await idOf('exact', window.label) });
      expect(chunk.window).toEqual(window);
    }
    await planned('exact', 'exact-2', grid(january, '202501-'));
    const chunk = await loadChunk(target, { chunkId: await idOf('exact', '202501-k00002') });
    expect(chunk.window).toEqual(grid(january, '202501-')[1]);
  });

  it('give the grid that the latest run planned, of those columns and that partition alone', async () => {
    expect(await kept('given')).toEqual([]);
    await planned('given', 'given-1', [{ label: 'k00001', key: whole }]);
    await planned('given', 'given-2', [...grid(whole)].reverse());
    expect(await kept('given')).toEqual(grid(whole).slice(0, 2));
    expect(await kept('given', january)).toEqual([]);
    expect(await kept('given', keyOf('dbo.t.other int', undefined))).toEqual([]);
  });

  it('hold parts in the place of what was split, which no later plan takes for lost', async () => {
    await planned('parted', 'parted-1', grid(whole));
    const middle = JSON.stringify('m');
    const change = {
      target,
      runId: 'parted-1',
      config: {
        category: 'cat',
        targets: [tableOf('parted')],
        databases: [{ ...sources[0], host: 'h', port: 1 }],
      },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    } as Parameters<typeof splitChunk>[0];
    const parts: readonly Window[] = [
      { label: 'k00002-1', from: bound, to: middle, key: whole },
      { label: 'k00002-2', from: middle, key: whole },
    ];
    const cut = async () => parts.map((window) => ({ window, rows: { 'dbo.t': 1 } }));
    const chunk = { target: 'parted', server: 'server01', database: 'DatabaseA', window: 'k00002' };
    expect(await splitChunk(change, chunk, 2, cut)).toBe(1);
    expect(await kept('parted')).toEqual([grid(whole)[0], ...parts]);
    await bring('parted', 'k00002-1', '2025-01-01 00:00:00');
    await planned('parted', 'parted-2', [grid(whole)[0] as Window, ...parts]);
    await takeOver('parted', 'parted-2');
    const { rows } = await target.query(
      `SELECT state, run_id FROM migration_control.chunk WHERE target = 'parted' AND window_label = 'k00002'`,
    );
    expect(rows).toEqual([{ state: 'SPLIT', run_id: null }]);
    await expect(refuseOverlaps(target, 'parted-2')).resolves.toBeUndefined();
    expect(await staged('parted')).toEqual(['k00002-1']);
  });

  it('of one partition after another add up, and each is restarted by itself', async () => {
    await planned('monthly', 'monthly-1', grid(january, '202501-'));
    expect(await plannedMonths(target, 'monthly-1', 'monthly')).toEqual(['202501']);
    await bring('monthly', '202501-k00001', '2025-01-03 00:00:00');
    await planned('monthly', 'monthly-2', grid(february, '202502-'));
    await takeOver('monthly', 'monthly-2');
    await refuseOverlaps(target, 'monthly-2');
    await bring('monthly', '202502-k00001', '2025-02-03 00:00:00');
    expect(await staged('monthly')).toEqual(['202501-k00001', '202502-k00001']);
    expect(await rowsOutsidePlan(target, 'monthly-2', { category: 'cat', targets: ['monthly'] })).toBe(1);
    await planned('monthly', 'monthly-3', grid(january, '202501-'));
    expect(await remove('monthly', 'monthly-3', '202501')).toMatchObject({ rowsRemoved: 1 });
    expect(await staged('monthly')).toEqual(['202502-k00001']);
  });

  it('of the whole table are not replaced by those of a partition, nor the other way', async () => {
    await planned('mixed', 'mixed-1', grid(whole));
    await bring('mixed', 'k00001', '2025-01-03 00:00:00');
    await planned('mixed', 'mixed-2', grid(january, '202501-'));
    await takeOver('mixed', 'mixed-2');
    await expect(refuseOverlaps(target, 'mixed-2')).rejects.toMatchObject({ code: 'PLAN_OVERLAP' });
    await expect(remove('mixed', 'mixed-2', '202501')).rejects.toMatchObject({ code: 'PLAN_OVERLAP' });
    expect(await staged('mixed')).toEqual(['k00001']);
  });
});
