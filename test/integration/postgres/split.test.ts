import { createTarget, type Target } from '../../../engine/postgres/connection';
import { listPending, markDone, parkChunk, requireOwned } from '../../../engine/postgres/control/chunks';
import { resolveParked } from '../../../engine/postgres/control/parked';
import { refuseOverlaps } from '../../../engine/postgres/control/plan-chunks';
import {
  plannedMonths,
  rowsOutsidePlan,
  splitWindows,
} from '../../../engine/postgres/control/planned-windows';
import { stepsByServer } from '../../../engine/postgres/control/progress';
import { chunkTotals } from '../../../engine/postgres/control/reports';
import { recordResults } from '../../../engine/postgres/control/results';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { requireChunk, requireNames, selectionOf } from '../../../engine/postgres/control/selection';
import { recordSourceTables } from '../../../engine/postgres/control/source-tables';
import { splitChunk } from '../../../engine/postgres/control/split-chunk';
import type { PlannedChunk } from '../../../engine/postgres/control/types';
import { removeRows } from '../../../engine/postgres/remove';
import { prepareStage } from '../../../engine/postgres/stage';
import { stageCounts } from '../../../engine/postgres/stage-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  column,
  day,
  forceState,
  importRows,
  ownerOf,
  plan,
  type Row,
  scopeOf,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const byDate = () => Promise.reject(new Error('no chunk is by key here'));
const source = { schema: 'dbo', table: 't', chunkColumn: 'at', filterBounds: {} };
const row = (at: string, id = 'a'): Row => [id, `${at}.000`, 1n, null];
const parts = (date: string, next: string) => [
  `${date}T000000-${date}T060000`,
  `${date}T060000-${date}T120000`,
  `${date}T120000-${date}T180000`,
  `${date}T180000-${next}T000000`,
];
const quarters = parts('20250102', '20250103');
const days = ['2025-01-01', '2025-01-02', '2025-01-03'];

describe('splitting a chunk', () => {
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

  const tableOf = (name: string) => targetTable(name, { sources: [source] });
  const changeOf = (name: string, runId: string) => ({
    target,
    runId,
    config: {
      category: 'cat',
      targets: [tableOf(name)],
      databases: [{ server: 'server01', host: 'h', port: 1, database: 'DatabaseA' }],
    },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });

  /** A run as it stands once it has planned: source tables checked, chunks and stage there. */
  const planned = async (
    name: string,
    runId: string,
    chunks: readonly PlannedChunk[] = days.map((date, at) => day(date, 'f1', at)),
    sourceType = 'datetime2(3)',
  ) => {
    const table = tableOf(name);
    const scope = scopeOf(table, runId);
    await prepareStage(target, table, ['202501']);
    const columns = [{ ...column('at', 'timestamp(3)'), sourceType }];
    await recordSourceTables(target, runId, scope, [
      { schema: 'dbo', table: 't', columns, serverHash: true },
    ]);
    return plan(target, scope, chunks, await stageCounts(target, table, scope));
  };
  const split = (name: string, runId: string, label: string, count = 4) =>
    splitChunk(
      changeOf(name, runId),
      { target: name, server: 'server01', database: 'DatabaseA', window: label },
      count,
      byDate,
    );
  const idOf = async (name: string, label: string) => {
    const { rows } = await target.query<{ id: string }>(
      'SELECT chunk_id::text AS id FROM migration_control.chunk WHERE target = $1 AND window_label = $2',
      [name, label],
    );
    return rows[0]?.id ?? '';
  };
  const pending = async (name: string, runId: string, after = -1) =>
    (await listPending(target, scopeOf(tableOf(name), runId), 'all', after, 100)).map(({ window }) => window);
  const stateOf = async (name: string, label: string) => {
    const { rows } = await target.query(
      'SELECT state, run_id AS run FROM migration_control.chunk WHERE target = $1 AND window_label = $2',
      [name, label],
    );
    return rows[0];
  };
  const staged = async (name: string) =>
    (await target.query<{ id: string }>(`SELECT cell_id AS id FROM stage.${name} ORDER BY 1`)).rows.map(
      ({ id }) => id,
    );
  /** Imports and marks DONE, as the steps of a chunk do. */
  const bring = async (name: string, label: string, rows: readonly Row[]) => {
    const id = await idOf(name, label);
    const { rows: found } = await target.query<{ fingerprint: string }>(
      'SELECT fingerprint FROM migration_control.chunk WHERE chunk_id = $1',
      [id],
    );
    const fingerprint = found[0]?.fingerprint ?? '';
    await importRows(target, tableOf(name), id, rows, fingerprint);
    await markDone(target, await ownerOf(target, id), fingerprint);
  };
  /** What a later plan has: the split windows' parts in the place of the wholes, with their own fingerprints. */
  const planWithParts = async (name: string, runId: string) => {
    const splits = await splitWindows(target, scopeOf(tableOf(name), runId));
    const { rows } = await target.query<{ label: string; fingerprint: string }>(
      'SELECT window_label AS label, fingerprint FROM migration_control.chunk WHERE target = $1',
      [name],
    );
    const windows = days.flatMap((date) => {
      const { window } = day(date);
      return splits.find(({ whole }) => whole.label === window.label)?.parts ?? [window];
    });
    return planned(
      name,
      runId,
      windows.map((window, ordinal) => ({
        window,
        ordinal,
        fingerprint: rows.find(({ label }) => label === window.label)?.fingerprint ?? 'f1',
        rowsPlanned: {},
      })),
    );
  };

  test('a parked chunk becomes parts behind all others of its database, and is of no run itself', async () => {
    const ids = await planned('parked', 'parked-1');
    const whole = { runId: 'parked-1', chunkId: ids.get('20250102') ?? '' };
    await importRows(target, tableOf('parked'), whole.chunkId, [row('2025-01-02 01:00:00')]);
    await parkChunk(target, whole, { code: 'STALLED', message: 'm' }, false);
    expect(await split('parked', 'parked-1', '20250102')).toBe(1);
    expect(await stateOf('parked', '20250102')).toEqual({ state: 'SPLIT', run: null });
    expect(await pending('parked', 'parked-1')).toEqual(['20250101', '20250103', ...quarters]);
    expect(await pending('parked', 'parked-1', 2)).toEqual(quarters);
    expect(await staged('parked')).toEqual([]);
    expect(
      (await target.query('SELECT FROM migration_control.ledger WHERE target = $1', ['parked'])).rows,
    ).toEqual([]);
    expect(await chunkTotals(target, 'parked-1')).toMatchObject([{ chunks: 6, pending: 6, parked: 0 }]);
    const { rows } = await target.query(
      `SELECT sum((rows_planned ->> 'dbo.t')::int)::int AS rows FROM migration_control.chunk WHERE run_id = 'parked-1'`,
    );
    expect(rows).toEqual([{ rows: 3 }]);
    const estimated = async () =>
      (
        await target.query<{ label: string }>(
          `SELECT window_label AS label FROM migration_control.chunk WHERE target = 'parked' AND rows_estimated ORDER BY ordinal`,
        )
      ).rows.map(({ label }) => label);
    expect(await estimated()).toEqual(quarters);
    await planWithParts('parked', 'parked-2');
    expect(await estimated()).toEqual([]);
  });

  test('an attempt that is at work on the whole brings nothing any more', async () => {
    const ids = await planned('running', 'running-1');
    const whole = { runId: 'running-1', chunkId: ids.get('20250102') ?? '' };
    const attempt = { ...whole, epoch: 0 };
    await requireOwned(target, attempt, 'f1');
    await importRows(target, tableOf('running'), whole.chunkId, [row('2025-01-02 01:00:00')]);
    expect(await split('running', 'running-1', '20250102')).toBe(1);
    await expect(requireOwned(target, attempt, 'f1')).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await expect(
      importRows(target, tableOf('running'), whole.chunkId, [row('2025-01-02 01:00:00')]),
    ).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await expect(markDone(target, whole, 'f1')).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await parkChunk(target, whole, { code: 'SUPERSEDED', message: 'm' }, true);
    expect(await stateOf('running', '20250102')).toEqual({ state: 'SPLIT', run: null });
    expect(await staged('running')).toEqual([]);
  });

  test('waits for an import that is under way, and takes its rows out again', async () => {
    const ids = await planned('race', 'race-1');
    const chunkId = ids.get('20250102') ?? '';
    let splitting: Promise<number> | undefined;
    await target.transaction(async (client) => {
      await requireOwned(client, { runId: 'race-1', chunkId, epoch: 0 }, 'f1');
      await client.query(`INSERT INTO stage.race VALUES ('a', '2025-01-02', 1, NULL, $1)`, [chunkId]);
      await client.query(
        `INSERT INTO migration_control.ledger VALUES ($1, 'race', 'stage', 'f1', 'a', 1, '0', 1)`,
        [chunkId],
      );
      splitting = split('race', 'race-1', '20250102');
      await new Promise((resolve) => setTimeout(resolve, 300));
    });
    expect(await splitting).toBe(1);
    expect(await staged('race')).toEqual([]);
    expect(
      (await target.query('SELECT FROM migration_control.ledger WHERE target = $1', ['race'])).rows,
    ).toEqual([]);
  });

  /** As an import does that is at work on the whole, until `during` has ended. */
  const whileHeld = (runId: string, chunkId: string, during: () => Promise<void>) =>
    target.transaction(async (client) => {
      await requireOwned(client, { runId, chunkId, epoch: 0 }, 'f1');
      await during();
    });

  test('does not wait for the end of a long import, and changes nothing then', async () => {
    const ids = await planned('held', 'held-1');
    await whileHeld('held-1', ids.get('20250102') ?? '', async () => {
      const began = Date.now();
      await expect(split('held', 'held-1', '20250102')).rejects.toMatchObject({
        code: 'TARGET_BUSY',
        retryable: true,
      });
      expect(Date.now() - began).toBeLessThan(10_000);
    });
    expect(await pending('held', 'held-1')).toEqual(['20250101', '20250102', '20250103']);
    expect(await split('held', 'held-1', '20250102')).toBe(1);
  });

  test('is refused at once where a chunk at work cannot be split, or is done', async () => {
    const ids = await planned('heldday', 'heldday-1', undefined, 'date');
    await whileHeld('heldday-1', ids.get('20250102') ?? '', () =>
      expect(split('heldday', 'heldday-1', '20250102')).rejects.toMatchObject({ code: 'CHUNK_UNSPLITTABLE' }),
    );
    await forceState(target, ids.get('20250103') ?? '', 'DONE');
    await whileHeld('heldday-1', ids.get('20250103') ?? '', async () => {
      expect(await split('heldday', 'heldday-1', '20250103')).toBe(0);
    });
  });

  test('ends with its caller, and gives its connection back', async () => {
    const ids = await planned('given', 'given-1');
    const caller = new AbortController();
    const gone = new Error('the caller is gone');
    await whileHeld('given-1', ids.get('20250102') ?? '', async () => {
      const splitting = splitChunk(
        { ...changeOf('given', 'given-1'), signal: caller.signal },
        { target: 'given', server: 'server01', database: 'DatabaseA', window: '20250102' },
        4,
        byDate,
      );
      setTimeout(() => caller.abort(gone), 300);
      await expect(splitting).rejects.toBe(gone);
    });
    expect(await pending('given', 'given-1')).toHaveLength(3);
  });

  test('what an attempt has measured of the whole is not counted beside the parts', async () => {
    const ids = await planned('measured', 'measured-1');
    const whole = { runId: 'measured-1', chunkId: ids.get('20250102') ?? '' };
    const checksum = { rows: 1, sum: '0'.repeat(16) };
    const measured = () =>
      recordResults(target, whole, {
        steps: [{ step: 'transform', rows: 1, bytes: 5, seconds: 1, reused: false }],
        checksums: [{ hop: 'transformed', subject: 'measured', checksum, method: 'duckdb' }],
      });
    await measured();
    expect(await stepsByServer(target, 'measured-1')).toMatchObject([{ step: 'transform', rows: 1 }]);
    await split('measured', 'measured-1', '20250102');
    await measured();
    expect(await stepsByServer(target, 'measured-1')).toEqual([]);
    const { rows } = await target.query(`SELECT FROM migration_control.checksum WHERE run_id = 'measured-1'`);
    expect(rows).toEqual([]);
  });

  test('what an attempt measures while its chunk is split is not counted either', async () => {
    const ids = await planned('late', 'late-1');
    const chunkId = ids.get('20250102') ?? '';
    let measuring: Promise<void> | undefined;
    await target.transaction(async (client) => {
      await client.query('SELECT FROM migration_control.chunk WHERE chunk_id = $1 FOR UPDATE', [chunkId]);
      measuring = recordResults(
        target,
        { runId: 'late-1', chunkId },
        {
          steps: [{ step: 'transform', rows: 1, bytes: 5, seconds: 1, reused: false }],
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      await client.query(
        `UPDATE migration_control.chunk SET state = 'SPLIT', run_id = NULL WHERE chunk_id = $1`,
        [chunkId],
      );
    });
    await measuring;
    expect(await stepsByServer(target, 'late-1')).toEqual([]);
  });

  test.each(['DONE', 'SKIPPED'])('a chunk that is %s is left as it is', async (state) => {
    const name = `left_${state.toLowerCase()}`;
    const ids = await planned(name, `${name}-1`);
    await forceState(target, ids.get('20250102') ?? '', state);
    expect(await split(name, `${name}-1`, '20250102')).toBe(0);
    expect(
      await resolveParked(changeOf(name, `${name}-1`), { window: '20250102' }, { action: 'retry' }),
    ).toBe(0);
    expect(await stateOf(name, '20250102')).toMatchObject({ state });
  });

  test('sent twice splits once', async () => {
    await planned('twice', 'twice-1');
    expect(await split('twice', 'twice-1', '20250102')).toBe(1);
    expect(await split('twice', 'twice-1', '20250102')).toBe(0);
    await requireChunk(
      target,
      'twice-1',
      'cat',
      selectionOf(changeOf('twice', '').config, 'twice/server01/DatabaseA/20250102'),
    );
    expect(await pending('twice', 'twice-1')).toHaveLength(6);
  });

  test('parked chunks are resolved by code, those of another code and those at work stay', async () => {
    const name = 'bycode';
    const ids = await planned(name, 'bycode-1');
    await forceState(target, ids.get('20250101') ?? '', 'NEEDS_ATTENTION', { code: 'STALLED', message: 'm' });
    await forceState(target, ids.get('20250102') ?? '', 'NEEDS_ATTENTION', {
      code: 'JOIN_FANOUT',
      message: 'm',
    });
    const change = changeOf(name, 'bycode-1');
    const byCode = { server: 'server01', code: 'STALLED' };
    expect(await resolveParked(change, byCode, { action: 'retry' })).toBe(1);
    expect(await resolveParked(change, byCode, { action: 'retry' })).toBe(0);
    const skip = { action: 'skip', reason: 'agreed' } as const;
    expect(await resolveParked(change, { code: 'JOIN_FANOUT' }, skip)).toBe(1);
    expect(await stateOf(name, '20250102')).toMatchObject({ state: 'SKIPPED' });
    expect(await pending(name, 'bycode-1')).toEqual(['20250101', '20250103']);
  });

  test('a window that the run does not have is refused with the nearest names', async () => {
    const name = 'unknown';
    await planned(name, 'unknown-1');
    const selection = selectionOf(changeOf(name, '').config, 'unknown/server01/DatabaseA/2025-01-02');
    await expect(requireChunk(target, 'unknown-1', 'cat', selection)).rejects.toMatchObject({
      code: 'CHUNK_UNKNOWN',
      message: expect.stringMatching(
        /'unknown\/server01\/DatabaseA\/2025-01-02' \(nearest: 'unknown\/server01\/DatabaseA\/20250102'/,
      ),
    });
  });

  test('a part can be split again, and is found by who has read past its place', async () => {
    await planned('deep', 'deep-1');
    await split('deep', 'deep-1', '20250102');
    const cursor =
      (await listPending(target, scopeOf(tableOf('deep'), 'deep-1'), 'all', -1, 100)).at(-1)?.ordinal ?? 0;
    expect(await split('deep', 'deep-1', quarters[3] ?? '', 2)).toBe(1);
    const halves = ['20250102T180000-20250102T210000', '20250102T210000-20250103T000000'];
    expect(await pending('deep', 'deep-1', cursor)).toEqual(halves);
    const splits = await splitWindows(target, scopeOf(tableOf('deep'), 'deep-1'));
    const whole = splits.find((found) => found.whole.label === '20250102');
    expect(whole?.whole).toEqual(day('2025-01-02').window);
    expect(whole?.parts.map(({ label }) => label)).toEqual([...quarters.slice(0, 3), ...halves]);
  });

  test('a window that cannot be cut is refused by name, and stays parked', async () => {
    const name = 'refused';
    await planned(name, 'refused-1', [
      day('2025-01-01', 'f1', 0),
      { ...day('2025-01-02', 'f1', 1), window: { label: 'ge20250102', from: '2025-01-02 00:00:00' } },
    ]);
    await target.query(
      `UPDATE migration_control.chunk SET state = 'NEEDS_ATTENTION', cause_code = 'STALLED' WHERE run_id = 'refused-1'`,
    );
    await expect(split(name, 'refused-1', 'ge20250102')).rejects.toMatchObject({
      code: 'CHUNK_UNSPLITTABLE',
      message: expect.stringContaining("'refused/server01/DatabaseA/ge20250102'"),
    });
    expect(await stateOf(name, 'ge20250102')).toMatchObject({ state: 'NEEDS_ATTENTION' });
    await planned('dated', 'dated-1', undefined, 'date');
    await expect(split('dated', 'dated-1', '20250102')).rejects.toMatchObject({
      code: 'CHUNK_UNSPLITTABLE',
      message: expect.stringContaining('1 day long'),
    });
  });

  test('a resumed run plans the parts: what is done of them stays done', async () => {
    const name = 'resumed';
    await planned(name, 'resumed-1');
    await split(name, 'resumed-1', '20250102');
    await bring(name, '20250101', [row('2025-01-01 01:00:00', 'first')]);
    await bring(name, quarters[1] ?? '', [row('2025-01-02 07:00:00', 'part')]);
    await planWithParts(name, 'resumed-2');
    expect(await pending(name, 'resumed-2')).toEqual([quarters[0], quarters[2], quarters[3], '20250103']);
    expect(await chunkTotals(target, 'resumed-2')).toMatchObject([{ chunks: 6, done: 2, rows: 2 }]);
    await expect(refuseOverlaps(target, 'resumed-2')).resolves.toBeUndefined();
    expect(await plannedMonths(target, 'resumed-2', name)).toEqual(['202501']);
    expect(await stateOf(name, '20250102')).toEqual({ state: 'SPLIT', run: null });
  });

  test('a plan with the whole again is refused as long as parts have rows', async () => {
    const name = 'regrid';
    await planned(name, 'regrid-1');
    await split(name, 'regrid-1', '20250102');
    await bring(name, quarters[1] ?? '', [row('2025-01-02 07:00:00')]);
    const month = {
      window: { label: '202501', from: '2025-01-01 00:00:00', to: '2025-02-01 00:00:00' },
      ordinal: 0,
      fingerprint: 'f',
      rowsPlanned: {},
    };
    await planned(name, 'regrid-2', [month]);
    await expect(refuseOverlaps(target, 'regrid-2')).rejects.toMatchObject({
      code: 'PLAN_OVERLAP',
      message: expect.stringContaining(quarters[1] ?? ''),
    });
  });

  const restart = async (
    name: string,
    runId: string,
    chunks: readonly PlannedChunk[],
    inputPartition?: string,
  ) => {
    await planned(name, runId, chunks);
    return removeRows({
      target,
      table: tableOf(name),
      runId,
      category: 'cat',
      sources: [{ server: 'server01', database: 'DatabaseA' }],
      ...(inputPartition !== undefined && { inputPartition }),
      signal: new AbortController().signal,
    });
  };

  test.each([undefined, '202501', '20250102'])(
    'a restart (input_partition %s) removes the rows of the parts and has the whole again',
    async (partition) => {
      const name = `again_${partition ?? 'all'}`;
      await planned(name, `${name}-1`);
      await split(name, `${name}-1`, '20250102');
      for (const [at, label] of quarters.entries())
        await bring(name, label, [
          row(`2025-01-02 ${at * 6 + 1}:00:00`.replace(' 1:', ' 01:').replace(' 7:', ' 07:'), `p${at}`),
        ]);
      const wanted = partition === '20250102' ? ['2025-01-02'] : days;
      await restart(
        name,
        `${name}-2`,
        wanted.map((date, at) => day(date, 'f1', at)),
        partition,
      );
      expect(await staged(name)).toEqual([]);
      await expect(refuseOverlaps(target, `${name}-2`)).resolves.toBeUndefined();
      expect(await pending(name, `${name}-2`)).toEqual(wanted.map((date) => date.replaceAll('-', '')));
      for (const label of quarters) expect(await stateOf(name, label)).toMatchObject({ run: null });
      expect(await splitWindows(target, scopeOf(tableOf(name), ''))).toEqual([]);
      await bring(name, '20250102', [row('2025-01-02 08:00:00', 'whole')]);
      const { rows } = await target.query(
        `SELECT count(*)::int AS open FROM migration_control.chunk
          WHERE target = $1 AND run_id IS NOT NULL AND state <> 'DONE' AND window_label LIKE '20250102%'`,
        [name],
      );
      // What is open would keep finalize from swapping.
      expect(rows).toEqual([{ open: 0 }]);
    },
  );

  const whole = days.map((date, at) => day(date, 'f1', at));

  test('a restart that ends between plan and removal leaves the split, and what is done of it, to a resume', async () => {
    const name = 'halfway';
    await planned(name, 'halfway-1');
    await split(name, 'halfway-1', '20250102');
    await split(name, 'halfway-1', quarters[3] ?? '', 2);
    await bring(name, '20250101', [row('2025-01-01 01:00:00', 'first')]);
    await bring(name, quarters[1] ?? '', [row('2025-01-02 07:00:00', 'part')]);
    await planned(name, 'halfway-2', whole);
    await planWithParts(name, 'halfway-3');
    await expect(refuseOverlaps(target, 'halfway-3')).resolves.toBeUndefined();
    const halves = ['20250102T180000-20250102T210000', '20250102T210000-20250103T000000'];
    expect(await pending(name, 'halfway-3')).toEqual([quarters[0], quarters[2], ...halves, '20250103']);
    expect(await chunkTotals(target, 'halfway-3')).toMatchObject([{ chunks: 7, done: 2, rows: 2 }]);
    for (const label of ['20250102', quarters[3] ?? ''])
      expect(await stateOf(name, label)).toEqual({ state: 'SPLIT', run: null });
    expect(await staged(name)).toEqual(['first', 'part']);
    for (const [at, label] of [quarters[0], quarters[2], ...halves, '20250103'].entries())
      await bring(name, label ?? '', [row('2025-01-02 01:00:00', `rest${at}`)]);
    await expect(
      target.query(`CALL migration_control.require_complete('stage.halfway', 'stage', 'halfway')`),
    ).resolves.toBeDefined();
  });

  test('a restart that comes to its removal forgets the parts of parts too', async () => {
    const name = 'forgotten';
    await planned(name, 'forgotten-1');
    await split(name, 'forgotten-1', '20250102');
    await split(name, 'forgotten-1', quarters[3] ?? '', 2);
    await planned(name, 'forgotten-2', whole);
    await restart(name, 'forgotten-3', whole);
    const { rows } = await target.query(
      'SELECT FROM migration_control.chunk WHERE target = $1 AND split_of IS NOT NULL',
      [name],
    );
    expect(rows).toEqual([]);
    await split(name, 'forgotten-3', '20250102');
    const splits = await splitWindows(target, scopeOf(tableOf(name), ''));
    expect(splits.map(({ parts: found }) => found.map(({ label }) => label))).toEqual([quarters]);
  });

  test('after a restart a window is split anew, also into other parts, which begin at the source', async () => {
    const name = 'anew';
    await planned(name, 'anew-1');
    await split(name, 'anew-1', '20250102');
    await bring(name, quarters[0] ?? '', [row('2025-01-02 01:00:00')]);
    await restart(
      name,
      'anew-2',
      days.map((date, at) => day(date, 'f1', at)),
    );
    const before = (await ownerOf(target, await idOf(name, quarters[1] ?? ''))).epoch;
    expect(await split(name, 'anew-2', '20250102', 2)).toBe(1);
    const halves = ['20250102T000000-20250102T120000', '20250102T120000-20250103T000000'];
    expect(
      (await splitWindows(target, scopeOf(tableOf(name), '')))[0]?.parts.map(({ label }) => label),
    ).toEqual(halves);
    await restart(
      name,
      'anew-3',
      days.map((date, at) => day(date, 'f1', at)),
    );
    expect(await split(name, 'anew-3', '20250102')).toBe(1);
    expect(
      (await splitWindows(target, scopeOf(tableOf(name), '')))[0]?.parts.map(({ label }) => label),
    ).toEqual(quarters);
    expect((await ownerOf(target, await idOf(name, quarters[1] ?? ''))).epoch).toBeGreaterThan(before);
    expect(await pending(name, 'anew-3')).toEqual(['20250101', '20250103', ...quarters]);
  });

  test('rows of windows that a later run does not plan are counted, those of parts that it plans are not', async () => {
    const name = 'narrower';
    await planned(name, 'narrower-1');
    await split(name, 'narrower-1', '20250102');
    for (const [at, date] of [...quarters, '20250101', '20250103'].entries())
      await bring(name, date, [row('2025-01-02 01:00:00', `row${at}`)]);
    const outside = (inputPartition?: string) =>
      rowsOutsidePlan(target, 'narrower-2', {
        category: 'cat',
        targets: [name],
        ...(inputPartition !== undefined && { inputPartition }),
      });
    await planWithParts(name, 'narrower-2');
    expect(await outside()).toBe(0);
    await target.query(
      `UPDATE migration_control.chunk SET run_id = 'narrower-1' WHERE target = $1 AND window_label = '20250103'`,
      [name],
    );
    expect(await outside()).toBe(1);
    expect(await outside('20250103')).toBe(1);
    expect(await outside('20250102')).toBe(0);
  });

  test('a restart by another grain leaves nothing open of the old one', async () => {
    const name = 'coarser';
    await planned(name, 'coarser-1');
    for (const date of days) await bring(name, date.replaceAll('-', ''), [row(`${date} 01:00:00`)]);
    const month = {
      window: { label: '202501', from: '2025-01-01 00:00:00', to: '2025-02-01 00:00:00' },
      ordinal: 0,
      fingerprint: 'f1',
      rowsPlanned: {},
    };
    await restart(name, 'coarser-2', [month]);
    await bring(name, '202501', [row('2025-01-02 01:00:00')]);
    await expect(
      target.query(`CALL migration_control.require_complete('stage.coarser', 'stage', 'coarser')`),
    ).resolves.toBeDefined();
  });
});

describe('what a message means', () => {
  const config = {
    category: 'cat',
    targets: [targetTable('cells'), targetTable('cells_daily')],
    databases: [
      { server: 'server01', host: 'h', port: 1, database: 'DatabaseA' },
      { server: 'server01', host: 'h', port: 1, database: 'odd/name' },
    ],
  };

  test('names may hold slashes', () => {
    expect(selectionOf(config, 'cells/server01/odd/name/20250101')).toEqual({
      target: 'cells',
      server: 'server01',
      database: 'odd/name',
      window: '20250101',
    });
  });

  test.each(['cells/server1/DatabaseA/20250101', 'cells', '', '/', 'cells/server01/DatabaseA'])(
    "a chunk '%s' of no database of the run is refused with the nearest names",
    (chunk) => {
      expect(() => selectionOf(config, chunk)).toThrow(
        expect.objectContaining({
          code: 'CHUNK_UNKNOWN',
          message: expect.stringMatching(/nearest: 'cells\/server01\/.*migrate chunks cat --parked/),
        }),
      );
    },
  );

  test.each([{ server: 'server02' }, { target: 'cell' }, { database: 'Database' }])(
    'a filter by %j, which the run does not have, is refused',
    (where) => {
      expect(() => requireNames(config, where)).toThrow(
        expect.objectContaining({ code: 'CHUNK_UNKNOWN', message: expect.stringContaining('nearest') }),
      );
    },
  );

  test('a filter by names of the run, or by a code alone, is taken', () => {
    requireNames(config, { target: 'cells', server: 'server01', database: 'odd/name', code: 'STALLED' });
    requireNames(config, { code: 'STALLED' });
  });
});
