import { createTarget, type Target } from '../../../engine/postgres/connection';
import { parkChunk, startChunk } from '../../../engine/postgres/control/chunks';
import {
  chunksByServer,
  firstParked,
  slowChunks,
  stepsByServer,
} from '../../../engine/postgres/control/progress';
import { recordResults } from '../../../engine/postgres/control/results';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import { day, forceState, plan, scopeOf, targetTable } from '../../support/target-fixtures';

jest.setTimeout(60_000);

const days = ['2025-01-01', '2025-01-02', '2025-01-03', '2025-01-04'];

describe('the progress of a run', () => {
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

  const planned = (name: string, server = 'server01', runId = name) => {
    const chunks = days.map((date, at) => ({ ...day(date), rowsPlanned: { 'dbo.a': 10, 'dbo.b': at } }));
    return plan(target, scopeOf(targetTable(name), runId, { server }), chunks);
  };
  /** A chunk that began, and for DONE ones ended, so many seconds ago. */
  const ran = async (chunkId: string, state: string, began: number, ended = 0) => {
    await forceState(target, chunkId, state);
    await target.query(
      `UPDATE migration_control.chunk SET started_at = now() - $2 * interval '1 s', updated_at = now() - $3 * interval '1 s'
        WHERE chunk_id = $1`,
      [chunkId, began, ended],
    );
  };

  test('counts chunks, planned rows and steps by server, of this run only', async () => {
    await planned('other');
    const first = [...(await planned('counted', 'server01')).values()];
    await planned('counted', 'server02');
    for (const [at, state] of ['DONE', 'NEEDS_ATTENTION', 'SKIPPED'].entries())
      await forceState(target, first[at] ?? '', state);
    const chunkId = first[0] ?? '';
    const step = { bytes: 5, seconds: 1, reused: false };
    await recordResults(
      target,
      { runId: 'counted', chunkId },
      {
        steps: [
          { ...step, step: 'export', rows: 20 },
          { ...step, step: 'import', rows: 10 },
        ],
      },
    );
    await recordResults(
      target,
      { runId: 'counted', chunkId: first[3] ?? '' },
      {
        steps: [{ ...step, step: 'export', rows: 7 }],
      },
    );
    expect(await chunksByServer(target, 'counted')).toEqual([
      { server: 'server01', planned: 4, done: 1, parked: 1, skipped: 1, rowsPlanned: 46, rowsDone: 22 },
      { server: 'server02', planned: 4, done: 0, parked: 0, skipped: 0, rowsPlanned: 46, rowsDone: 0 },
    ]);
    expect([...(await stepsByServer(target, 'counted'))].sort((a, b) => (a.step < b.step ? -1 : 1))).toEqual([
      { server: 'server01', step: 'export', chunks: 2, rows: 27, bytes: 10 },
      { server: 'server01', step: 'import', chunks: 1, rows: 10, bytes: 5 },
    ]);
    expect(await chunksByServer(target, 'never')).toEqual([]);
  });

  test('names the chunks that were parked first, with short causes', async () => {
    const ids = [...(await planned('parked')).values()];
    for (const chunkId of [ids[2], ids[0], ids[1]])
      await parkChunk(
        target,
        { runId: 'parked', chunkId: chunkId ?? '' },
        { code: 'X', message: 'm'.repeat(2_000) },
        true,
      );
    expect(await firstParked(target, 'parked', 2)).toEqual([
      { chunk: 'parked/server01/DatabaseA/20250103', code: 'X', message: 'm'.repeat(500) },
      { chunk: 'parked/server01/DatabaseA/20250101', code: 'X', message: 'm'.repeat(500) },
    ]);
  });

  test('calls slow what takes much longer than the median of what is done, and nothing before', async () => {
    const [a = '', b = '', c = '', d = ''] = (await planned('slow')).values();
    const slow = (factor: number, atLeast: number) => slowChunks(target, 'slow', { factor, atLeast }, 5);
    await startChunk(target, { runId: 'slow', chunkId: a });
    expect(await slow(5, 60)).toEqual([]);
    await ran(a, 'PENDING', 1_000);
    expect(await slow(5, 60)).toEqual([]);
    await ran(b, 'DONE', 500, 300);
    await ran(c, 'DONE', 500, 400);
    await ran(d, 'PENDING', 100);
    expect(await slow(5, 60)).toEqual([
      { chunk: 'slow/server01/DatabaseA/20250101', seconds: expect.closeTo(1_000, -1), medianSeconds: 150 },
    ]);
    expect(await slow(8, 60)).toEqual([]);
    expect(await slow(5, 2_000)).toEqual([]);
  });

  test('begins anew with a chunk that was parked, and with another run', async () => {
    const ids = await planned('anew');
    const [a = '', b = '', c = ''] = ids.values();
    for (const chunkId of [a, b]) await startChunk(target, { runId: 'anew', chunkId });
    await ran(c, 'DONE', 2, 1);
    await parkChunk(target, { runId: 'anew', chunkId: a }, { code: 'X', message: 'm' }, false);
    await forceState(target, a, 'PENDING');
    const started = async () => {
      const { rows } = await target.query<{ id: string }>(
        `SELECT chunk_id::text AS id FROM migration_control.chunk WHERE target = 'anew' AND started_at IS NOT NULL`,
      );
      return rows.map(({ id }) => id).sort();
    };
    expect(await started()).toEqual([b, c].sort());
    await planned('anew', 'server01', 'anew-2');
    expect(await started()).toEqual([]);
    await expect(startChunk(target, { runId: 'anew', chunkId: b })).rejects.toMatchObject({
      code: 'SUPERSEDED',
    });
  });
});
