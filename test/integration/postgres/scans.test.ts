import { createTarget, type Target } from '../../../engine/postgres/connection';
import {
  adoptRange,
  listScanWindows,
  listWindowParts,
  loadRange,
  recordRange,
  scanProgress,
  windowsToPublish,
} from '../../../engine/postgres/control/scan-ranges';
import {
  chunksToScan,
  endScan,
  endSettledScan,
  forgetScan,
  keepScan,
  type OpenScan,
  openScan,
  parkScan,
  planScan,
} from '../../../engine/postgres/control/scans';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { day, plan, scopeOf, targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

const column = { name: 'id', sourceType: 'int' };
const ranges = [
  { position: 0, column, to: '5' },
  { position: 0, column, from: '5' },
  { position: 0, column, isNull: true },
  { position: 1 },
] as const;
const cause = { code: 'SOURCE_QUERY', message: 'no' };
const superseded = { code: 'SUPERSEDED' };
const part = (chunkId: string, sum = '00000000000000ff') => ({
  ...{ chunkId, rows: 1, bytes: 9, checksum: { rows: 1, sum } },
  parts: [{ key: `k${sum}`, rows: 1, bytes: 9 }],
});
const checksum = { rows: 1, sum: '00000000000000ff' };
const read = { checksum, bytes: 9, method: 'server' } as const;

describe('one reading for all windows, in the control tables', () => {
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

  /** A run that has planned three days and a scan of them. */
  const planned = async (name: string, runId: string, scanPlan = 'p') => {
    const scope = scopeOf(targetTable(name), runId);
    const days = ['2025-01-01', '2025-01-02', '2025-01-03'];
    const ids = [
      ...(
        await plan(
          target,
          scope,
          days.map((date, at) => day(date, 'f1', at)),
        )
      ).values(),
    ];
    const kept = await keepScan(target, scope, scanPlan);
    if (!kept) await planScan(target, scope, scanPlan, ranges);
    return { scope, ids, kept };
  };
  const open = async (scope: ReturnType<typeof scopeOf>): Promise<OpenScan> => {
    const scan = await openScan(target, scope, (await chunksToScan(target, scope)) ?? []);
    if (scan === undefined) throw new Error('There is no scan.');
    return scan;
  };
  const record = async (runId: string, rangeId: string, chunkId: string, sum?: string) =>
    recordRange(target, runId, await loadRange(target, runId, rangeId), read, [part(chunkId, sum)]);
  const raise = (ids: readonly string[]) =>
    target.query('UPDATE migration_control.chunk SET epoch = epoch + 1 WHERE chunk_id = ANY ($1::bigint[])', [
      ids,
    ]);
  const leftOf = ({ left }: OpenScan): readonly string[] => left.map(({ rangeId }) => rangeId);
  const [first, second, third] = [0, 1, 2] as const;

  it('keeps ranges and their bounds as they were cut, and goes on where it was', async () => {
    const { scope, ids } = await planned('goes_on', 'goes-on');
    await planScan(target, scope, 'p', []);
    const scan = await open(scope);
    expect(scan.left.map(({ position, ordinal }) => [position, ordinal])).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 1],
    ]);
    const [a = '', b = '', c = '', d = ''] = leftOf(scan);
    expect(await loadRange(target, 'goes-on', b)).toMatchObject({ column, from: '5', attempt: scan.attempt });
    expect(await loadRange(target, 'goes-on', c)).toMatchObject({ column, isNull: true });
    expect(await loadRange(target, 'goes-on', d)).not.toHaveProperty('column');
    await record('goes-on', a, ids[first] ?? '');
    expect(await open(scope)).toEqual({ ...scan, left: scan.left.slice(1) });
    expect(await loadRange(target, 'goes-on', a)).toMatchObject({ done: { rows: 1, bytes: 9 } });
    expect(await scanProgress(target, 'goes-on')).toEqual({ ranges: 4, read: 1, rows: 1 });
  });

  it('counts the first attempt that read a range, and none of a scan that has begun anew', async () => {
    const { scope, ids } = await planned('once', 'once');
    const scan = await open(scope);
    const [a = '', b = ''] = leftOf(scan);
    const late = await loadRange(target, 'once', b);
    await record('once', a, ids[first] ?? '');
    await record('once', a, ids[first] ?? '', '0000000000000001');
    expect(await listWindowParts(target, 'once', scan.attempt, ids[first] ?? '')).toMatchObject([
      { position: 0, method: 'server', checksum: { rows: 1, sum: '00000000000000ff' } },
    ]);
    await raise([ids[second] ?? '']);
    const anew = await open(scope);
    expect(anew.attempt).not.toBe(scan.attempt);
    expect(leftOf(anew)).toEqual(leftOf(scan));
    await expect(recordRange(target, 'once', late, read, [])).rejects.toMatchObject(superseded);
    await expect(listWindowParts(target, 'once', scan.attempt, ids[first] ?? '')).rejects.toMatchObject(
      superseded,
    );
    expect(await listWindowParts(target, 'once', anew.attempt, ids[first] ?? '')).toEqual([]);
  });

  it('goes on after a retry of what it parked, and begins anew after a restart', async () => {
    const { scope, ids } = await planned('parked', 'parked');
    const scan = await open(scope);
    await record('parked', leftOf(scan)[0] ?? '', ids[first] ?? '');
    await parkScan(target, scope, cause, false);
    expect(await chunksToScan(target, scope)).toEqual([]);
    const states = await target.query(
      `SELECT DISTINCT state, cause_code, epoch FROM migration_control.chunk WHERE target = 'parked'`,
    );
    expect(states.rows).toEqual([{ state: 'NEEDS_ATTENTION', cause_code: 'SOURCE_QUERY', epoch: 0 }]);
    const retry = (chunks: readonly string[]) =>
      target.query(
        `UPDATE migration_control.chunk SET state = 'PENDING', epoch = epoch + 1 WHERE chunk_id = ANY ($1::bigint[])`,
        [chunks],
      );
    await retry(ids.slice(first, third));
    expect(leftOf(await open(scope))).toHaveLength(3);
    await parkScan(target, scope, cause, false);
    const restart = await planned('parked', 'parked-3');
    await raise(ids);
    expect((await open(restart.scope)).attempt).not.toBe(scan.attempt);
  });

  it('has what an earlier run read proven or read again, range by range, before it counts', async () => {
    const { scope, ids } = await planned('earlier', 'earlier-1');
    const window = ids[first] ?? '';
    const [a = '', b = '', ...rest] = leftOf(await open(scope));
    for (const rangeId of [a, b]) await record('earlier-1', rangeId, window);
    const next = await planned('earlier', 'earlier-2');
    expect(next.kept).toBe(true);
    expect(leftOf(await open(next.scope))).toEqual([a, b, ...rest]);
    expect(await scanProgress(target, 'earlier-2')).toEqual({ ranges: 4, read: 0, rows: 0 });
    const range = await loadRange(target, 'earlier-2', a);
    expect(range).toMatchObject({ earlier: { checksum, bytes: 9 } });
    expect(range).not.toHaveProperty('done');
    await expect(adoptRange(target, 'earlier-1', range)).rejects.toMatchObject(superseded);
    await adoptRange(target, 'earlier-2', range);
    await record('earlier-2', b, window, '0000000000000001');
    const { attempt, left } = await open(next.scope);
    expect(left.map(({ rangeId }) => rangeId)).toEqual(rest);
    await expect(windowsToPublish(target, next.scope)).rejects.toMatchObject({ code: 'INTERNAL' });
    const parts = await listWindowParts(target, 'earlier-2', attempt, window);
    expect(parts.map((found) => found.checksum.sum)).toEqual(['00000000000000ff', '0000000000000001']);
  });

  it('ends where none of its chunks waits for it, and stays for one that is parked', async () => {
    const { scope, ids } = await planned('settled', 'settled-1');
    const of = async (): Promise<number | undefined> => (await chunksToScan(target, scope))?.length;
    await open(scope);
    await endSettledScan(target, scope, []);
    await parkScan(target, scope, cause, false);
    const pending = { chunkId: ids[first] ?? '', epoch: 0 };
    await endSettledScan(target, scope, [pending]);
    expect(await of()).toBe(0);
    const state = (value: string, chunks: readonly string[]) =>
      target.query(`UPDATE migration_control.chunk SET state = $1 WHERE chunk_id = ANY ($2::bigint[])`, [
        value,
        chunks,
      ]);
    await state('SKIPPED', ids.slice(second));
    await state('PENDING', [pending.chunkId]);
    await endSettledScan(target, scope, [pending]);
    expect(await of()).toBeUndefined();
  });

  it('is forgotten where a later run has nothing to read, by nobody else', async () => {
    const { scope } = await planned('forgotten', 'forgotten-1');
    const { scope: next } = await planned('forgotten', 'forgotten-2');
    await forgetScan(target, scope);
    expect(await chunksToScan(target, next)).toHaveLength(3);
    await forgetScan(target, next);
    expect(await chunksToScan(target, next)).toBeUndefined();
  });

  it('compares the parts of a window with the plan, but for a run that has only estimated them', async () => {
    const { scope, ids } = await planned('parts', 'parts-1');
    await target.query(
      'UPDATE migration_control.chunk SET split_of = $1, rows_estimated = chunk_id = $3 WHERE chunk_id IN ($2, $3)',
      ids,
    );
    for (const rangeId of leftOf(await open(scope))) await record('parts-1', rangeId, ids[first] ?? '');
    const counted = async (of: typeof scope) =>
      (await windowsToPublish(target, of))?.chunks.map((chunk) => chunk.counted);
    expect(await counted(scope)).toEqual([true, true, false]);
    const { scope: next } = await planned('parts', 'parts-2');
    for (const rangeId of leftOf(await open(next))) await record('parts-2', rangeId, ids[first] ?? '');
    expect(await counted(next)).toEqual([true, true, true]);
  });

  it('is read anew where what was read is what is wrong', async () => {
    const { scope, ids } = await planned('wrong', 'wrong');
    for (const rangeId of leftOf(await open(scope))) await record('wrong', rangeId, ids[first] ?? '');
    await parkScan(target, scope, cause, true);
    await target.query(`UPDATE migration_control.chunk SET state = 'PENDING' WHERE target = 'wrong'`);
    expect(leftOf(await open(scope))).toHaveLength(4);
  });

  it('publishes windows as they were wanted, when all is read, and is gone then', async () => {
    const { scope, ids } = await planned('published', 'published');
    await target.query(`UPDATE migration_control.chunk SET state = 'DONE' WHERE chunk_id = $1`, [ids[third]]);
    const scan = await open(scope);
    const windows = await listScanWindows(
      target,
      (await loadRange(target, 'published', leftOf(scan)[0] ?? '')).scanId,
    );
    expect(windows.map(({ wanted }) => wanted).sort()).toEqual([false, true, true]);
    await expect(windowsToPublish(target, scope)).rejects.toMatchObject({ code: 'INTERNAL' });
    for (const rangeId of leftOf(scan)) await record('published', rangeId, ids[first] ?? '');
    await raise([ids[second] ?? '']);
    expect(await windowsToPublish(target, scope)).toEqual({
      attempt: scan.attempt,
      chunks: [{ chunkId: ids[first], epoch: 0, counted: true }],
    });
    expect(await listWindowParts(target, 'published', scan.attempt, ids[first] ?? '')).toHaveLength(4);
    await endScan(target, scope);
    expect(await windowsToPublish(target, scope)).toBeUndefined();
    expect(await chunksToScan(target, scope)).toBeUndefined();
  });

  it('is not planned by an attempt of a run whose chunks are another’s', async () => {
    const old = await planned('owned', 'owned-1');
    await planned('owned', 'owned-2');
    expect(await keepScan(target, old.scope, 'p')).toBe(false);
    await planScan(target, old.scope, 'other', []);
    expect(await chunksToScan(target, old.scope)).toBeUndefined();
    expect(await chunksToScan(target, scopeOf(targetTable('owned'), 'owned-2'))).toHaveLength(3);
    expect((await planned('owned', 'owned-3', 'another')).kept).toBe(false);
  });
});
