import { createTarget, type Target } from '../../../engine/postgres/connection';
import { listPending, loadChunk, markDone, parkChunk } from '../../../engine/postgres/control/chunks';
import { planChunks, refuseOverlaps } from '../../../engine/postgres/control/plan-chunks';
import { configRevision, lockRun, recordReload } from '../../../engine/postgres/control/reloads';
import { chunkTotals, iterateChunkReports, parkedChunks } from '../../../engine/postgres/control/reports';
import { recordResults } from '../../../engine/postgres/control/results';
import { closeAbandoned, finishRun, insertRun, loadRun } from '../../../engine/postgres/control/runs';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import type { PlannedChunk } from '../../../engine/postgres/control/types';
import { prepareStage } from '../../../engine/postgres/stage';
import { stageCounts } from '../../../engine/postgres/stage-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  day,
  forceState,
  importRows,
  plan,
  type Row,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const row = (at: string): Row => ['a', `${at} 00:00:00.000`, 1n, null];

describe('the control store', () => {
  let postgres: TestPostgres;
  let target: Target;
  beforeAll(async () => {
    postgres = await startPostgres();
    target = createTarget(postgres.endpoint);
    await Promise.all([1, 2, 3].map(() => applyControlSchema(target)));
    await applyControlSchema(target);
  });
  afterAll(async () => {
    await target.close();
    await postgres.stop();
  });

  const states = async (name: string) => {
    const { rows } = await target.query<{ label: string; state: string }>(
      'SELECT window_label AS label, state FROM migration_control.chunk WHERE target = $1 ORDER BY 1',
      [name],
    );
    return Object.fromEntries(rows.map(({ label, state }) => [label, state]));
  };

  test('a run is written once and finished', async () => {
    const run = { runId: 'r1', category: 'c', jobMode: 'resume', config: { a: [1] } };
    await insertRun(target, run);
    await insertRun(target, { ...run, jobMode: 'restart' });
    expect(await loadRun(target, 'r1')).toEqual({
      ...run,
      reloads: [],
      state: 'RUNNING',
      startedAt: expect.stringMatching(/^20.*Z$/),
    });
    await finishRun(target, 'r1', { state: 'FAILED', report: 'file:///r', failure: 'X' });
    expect(await loadRun(target, 'r1')).toMatchObject({
      state: 'FAILED',
      report: 'file:///r',
      failure: 'X',
      finishedAt: expect.any(String),
    });
    await expect(loadRun(target, 'r2')).rejects.toMatchObject({ code: 'TARGET_QUERY' });
  });

  test('a reload gives a run another configuration, and tells workers that there is one', async () => {
    await insertRun(target, { runId: 'reloaded', category: 'c', jobMode: 'resume', config: { stall: 1 } });
    expect(await configRevision(target, 'reloaded')).toBe(0);
    // Two at a time: the second sees what the first has written.
    const reload = (request: string) =>
      target.transaction(async (client) => {
        const { reloads } = await lockRun(client, 'reloaded');
        const fields = [`after ${reloads.length}`];
        await recordReload(client, 'reloaded', { stall: reloads.length }, { request, fields });
      });
    await Promise.all([reload('one'), reload('two')]);
    expect(await configRevision(target, 'reloaded')).toBe(2);
    const { config, reloads } = await loadRun(target, 'reloaded');
    expect(config).toEqual({ stall: 1 });
    expect(new Set(reloads.map(({ request }) => request))).toEqual(new Set(['one', 'two']));
    expect(reloads).toMatchObject([{ fields: ['after 0'] }, { fields: ['after 1'] }]);
    for (const { at } of reloads) expect(at).toMatch(/^20.*Z$/);
    await expect(configRevision(target, 'nowhere')).rejects.toMatchObject({ code: 'TARGET_QUERY' });
  });

  test('a new run ends the rows of terminated ones of its category, and of no other', async () => {
    for (const [runId, category] of [
      ['t1', 'cat-t'],
      ['t2', 'cat-t'],
      ['t3', 'cat-u'],
    ] as const)
      await insertRun(target, { runId, category, jobMode: 'resume', config: {} });
    await closeAbandoned(target, 'cat-t', 't2');
    const states = await Promise.all(['t1', 't2', 't3'].map(async (id) => (await loadRun(target, id)).state));
    expect(states).toEqual(['FAILED', 'RUNNING', 'RUNNING']);
  });

  test('a new run keeps DONE only what was DONE, has the planned fingerprint, and has its rows', async () => {
    const table = targetTable('resume');
    const days = ['2025-01-01', '2025-01-02', '2025-01-03', '2025-01-04', '2025-01-05', '2025-01-06'];
    const ids = await stageWith(target, table, Object.fromEntries(days.map((date) => [date, [row(date)]])));
    for (const id of ids.values()) await forceState(target, id, 'DONE');
    await target.query(`DELETE FROM stage.resume WHERE at = '2025-01-02'`);
    await forceState(target, ids.get('20250104') ?? '', 'NEEDS_ATTENTION', {
      code: 'CHECKSUM_STAGE',
      message: 'm',
    });
    await forceState(target, ids.get('20250105') ?? '', 'SKIPPED', {
      code: 'CHECKSUM_STAGE',
      message: 'm',
    });
    await target.query('DELETE FROM migration_control.ledger WHERE chunk_id = $1', [ids.get('20250106')]);
    const scope = scopeOf(table, 'resume-2');
    const counts = await stageCounts(target, table, scope);
    await insertRun(target, { runId: scope.runId, category: 'cat', jobMode: 'resume', config: {} });
    const planned = days.map((date) => day(date, date === '2025-01-03' ? 'f2' : 'f1'));
    expect(await planChunks(target, scope, planned, counts)).toEqual({ chunks: 6, done: 1 });
    expect(await states('resume')).toEqual({
      20250101: 'DONE',
      20250102: 'PENDING',
      20250103: 'PENDING',
      20250104: 'PENDING',
      20250105: 'PENDING',
      20250106: 'PENDING',
    });
    expect((await loadChunk(target, { chunkId: ids.get('20250104') ?? '' })).cause).toBeUndefined();
  });

  test('the first plan of a run stands, whatever a later attempt has seen', async () => {
    const table = targetTable('again');
    const scope = scopeOf(table, 'again-1');
    const ids = await plan(target, scope, [day('2025-01-01'), day('2025-01-02'), day('2025-01-03')]);
    await forceState(target, ids.get('20250101') ?? '', 'SKIPPED', { code: 'X', message: 'by hand' });
    await forceState(target, ids.get('20250102') ?? '', 'NEEDS_ATTENTION', { code: 'Y', message: 'm' });
    expect(await planChunks(target, scope, [day('2025-01-01', 'f2'), day('2025-01-09')], new Map())).toEqual({
      chunks: 3,
      done: 0,
    });
    expect(await states('again')).toEqual({
      20250101: 'SKIPPED',
      20250102: 'NEEDS_ATTENTION',
      20250103: 'PENDING',
    });
    expect((await parkedChunks(target, 'again-1')).map(({ state, cause }) => [state, cause?.code])).toEqual([
      ['SKIPPED', 'X'],
      ['NEEDS_ATTENTION', 'Y'],
    ]);
  });

  test('an open end of which nothing was imported is let go when a later plan cuts it into days', async () => {
    const table = targetTable('openend');
    const open = { ...day('2025-01-02'), window: { label: 'ge20250102', from: '2025-01-02 00:00:00' } };
    const old = await plan(target, scopeOf(table, 'openend-1'), [day('2025-01-01'), open]);
    const grown = { ...day('2025-01-03'), window: { label: 'ge20250103', from: '2025-01-03 00:00:00' } };
    await plan(target, scopeOf(table, 'openend-2'), [day('2025-01-01'), day('2025-01-02'), grown]);
    expect((await loadChunk(target, { chunkId: old.get('ge20250102') ?? '' })).runId).toBeUndefined();
    expect((await loadChunk(target, { chunkId: old.get('20250101') ?? '' })).runId).toBe('openend-2');
  });

  test('an attempt that a newer run has overtaken neither marks a chunk done nor parks it', async () => {
    const table = targetTable('overtaken');
    const ids = await stageWith(target, table, { '2025-01-01': [row('2025-01-01')] });
    const chunkId = ids.get('20250101') ?? '';
    await plan(target, scopeOf(table, 'overtaken-2'), [day('2025-01-01')]);
    const late = { runId: 'run-overtaken', chunkId };
    await expect(markDone(target, late, 'f1')).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await parkChunk(target, late, { code: 'X', message: 'm' }, true);
    expect(await loadChunk(target, { chunkId })).toMatchObject({ state: 'PENDING', epoch: 0 });
    await markDone(target, { ...late, runId: 'overtaken-2' }, 'f1');
    expect(await loadChunk(target, { chunkId })).toMatchObject({ state: 'DONE' });
  });

  test('a chunk without its ledger row is never marked done', async () => {
    const table = targetTable('noledger');
    const ids = await plan(target, scopeOf(table, 'noledger-1'), [day('2025-01-01')]);
    const chunk = { runId: 'noledger-1', chunkId: ids.get('20250101') ?? '' };
    await expect(markDone(target, chunk, 'f1')).rejects.toMatchObject({ code: 'SUPERSEDED' });
  });

  test('windows come back as they were planned, with open ends and NULL', async () => {
    const table = targetTable('windows');
    const windows: PlannedChunk['window'][] = [
      { label: 'lt20250101', to: '2025-01-01 00:00:00' },
      { label: '20250101', from: '2025-01-01 00:00:00', to: '2025-01-02 00:00:00' },
      { label: 'ge20250102', from: '2025-01-02 00:00:00' },
      { label: 'old', from: '0001-01-01 00:00:00', to: '0999-12-31 23:59:59.999999' },
      { label: 'null', isNull: true },
      { label: 'all' },
    ];
    const ids = await plan(
      target,
      scopeOf(table, 'windows-1'),
      windows.map((window, ordinal) => ({
        window,
        ordinal,
        fingerprint: 'f',
        rowsPlanned: { 'dbo.a': ordinal, 'dbo.b': 0 },
      })),
    );
    for (const [ordinal, window] of windows.entries())
      expect(await loadChunk(target, { chunkId: ids.get(window.label) ?? '' })).toMatchObject({
        window,
        ordinal,
        rowsPlanned: { 'dbo.a': ordinal, 'dbo.b': 0 },
      });
  });

  test('3,650 windows are planned, paged and reported without being all in memory', async () => {
    const table = targetTable('many');
    const scope = scopeOf(table, 'many-1');
    const chunks = Array.from({ length: 3_650 }, (_, n) =>
      day(new Date(Date.UTC(2015, 0, 1 + n)).toISOString().slice(0, 10), 'f', n),
    );
    await insertRun(target, { runId: scope.runId, category: 'cat', jobMode: 'resume', config: {} });
    const started = Date.now();
    expect(await planChunks(target, scope, chunks, new Map())).toEqual({ chunks: 3_650, done: 0 });
    expect(Date.now() - started).toBeLessThan(5_000);
    const seen: number[] = [];
    for (let after = -1; ; ) {
      const page = await listPending(target, scope, 'all', after, 1_000);
      if (page.length === 0) break;
      seen.push(...page.map(({ ordinal }) => ordinal));
      after = page.at(-1)?.ordinal ?? after;
    }
    expect(seen).toEqual(chunks.map(({ ordinal }) => ordinal));
    let reported = 0;
    for await (const { steps } of iterateChunkReports(target, 'many-1')) reported += 1 + steps.length;
    expect(reported).toBe(3_650);
  });

  test('reports hold steps and checksums of the run, and a reuse does not hide the work', async () => {
    const table = targetTable('told');
    const ids = await stageWith(target, table, { '2025-01-01': [row('2025-01-01')] });
    const chunkId = ids.get('20250101') ?? '';
    const at = { runId: 'run-told', chunkId };
    const done = { step: 'import', rows: 1, bytes: 5, seconds: 0.5, reused: false } as const;
    const first = { hop: 'stage', subject: 'told', checksum: { rows: 1, sum: '0'.repeat(16) } } as const;
    await recordResults(target, at, {
      steps: [done],
      checksums: [{ ...first, method: 'postgres', matches: false }],
    });
    const again = { ...first, checksum: { rows: 1, sum: 'f'.repeat(16) }, method: 'postgres', matches: true };
    await recordResults(target, at, {
      steps: [{ ...done, seconds: 0, reused: true }],
      checksums: [again],
    });
    const reports = [];
    for await (const report of iterateChunkReports(target, 'run-told')) reports.push(report);
    expect(reports).toMatchObject([
      {
        chunk: { chunkId },
        steps: [{ step: 'import', seconds: 0.5, reused: false }],
        checksums: [{ hop: 'stage', rows: 1, sum: 'f'.repeat(16), matches: true }],
      },
    ]);
    expect(await chunkTotals(target, 'run-told')).toEqual([
      {
        target: 'told',
        server: 'server01',
        database: 'DatabaseA',
        chunks: 1,
        pending: 0,
        done: 1,
        parked: 0,
        skipped: 0,
        rows: 1,
        rowsQuarantined: 0,
        rowsLeft: 0,
      },
    ]);
  });

  test('windows of an older grid that hold rows are refused', async () => {
    const table = targetTable('regrid');
    await stageWith(target, table, { '2025-01-01': [row('2025-01-01')], '2025-03-01': [row('2025-03-01')] });
    const scope = scopeOf(table, 'regrid-2');
    const month = {
      window: { label: '202501', from: '2025-01-01 00:00:00', to: '2025-02-01 00:00:00' },
      ordinal: 1,
      fingerprint: 'f',
      rowsPlanned: {},
    };
    await plan(target, scope, [month]);
    await expect(refuseOverlaps(target, 'regrid-2')).rejects.toMatchObject({
      code: 'PLAN_OVERLAP',
      message: expect.stringMatching(/server01\/DatabaseA of regrid: 20250101\./),
    });
    const ids = await plan(target, scopeOf(table, 'regrid-3'), [
      day('2025-01-01'),
      day('2025-01-02'),
      day('2025-03-01'),
    ]);
    await importRows(target, table, ids.get('20250102') ?? '', [row('2025-01-02')]);
    await expect(refuseOverlaps(target, 'regrid-3')).resolves.toBeUndefined();
  });

  test('a window of NULLs that holds rows is refused to a plan without bounds, and to no other', async () => {
    const table = targetTable('unbound');
    const window = (label: string, bounds: object) => ({
      window: { label, ...bounds },
      ordinal: 1,
      fingerprint: 'f',
      rowsPlanned: {},
    });
    await prepareStage(target, table, ['202501']);
    const nulls = await plan(target, scopeOf(table, 'unbound-1'), [window('null', { isNull: true })]);
    await importRows(target, table, nulls.get('null') ?? '', [row('2025-01-02')]);
    await plan(target, scopeOf(table, 'unbound-2'), [window('all', {})]);
    await expect(refuseOverlaps(target, 'unbound-2')).rejects.toMatchObject({
      code: 'PLAN_OVERLAP',
      message: expect.stringContaining('of unbound: null.'),
    });
    await plan(target, scopeOf(table, 'unbound-3'), [day('2025-01-02')]);
    await expect(refuseOverlaps(target, 'unbound-3')).resolves.toBeUndefined();
  });
});
