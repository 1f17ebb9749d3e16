import type { TargetConfig } from '../../../config/run-config';
import { completeEmpty } from '../../../engine/postgres/complete-empty';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { loadChunk, parkChunk } from '../../../engine/postgres/control/chunks';
import { findLedgerRow } from '../../../engine/postgres/control/ledger';
import { planChunks } from '../../../engine/postgres/control/plan-chunks';
import { type ChunkReport, iterateChunkReports } from '../../../engine/postgres/control/reports';
import { recordResults } from '../../../engine/postgres/control/results';
import { insertRun } from '../../../engine/postgres/control/runs';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { stageCounts } from '../../../engine/postgres/stage-rows';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  day,
  forceState,
  ownerOf,
  plan,
  type Row,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const row = (at: string): Row => ['a', `${at} 00:00:00.000`, 1n, null];
const none = { rows: 0, sum: '0'.repeat(16) };

describe('a chunk without rows', () => {
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

  const complete = async (
    table: TargetConfig,
    owner: Awaited<ReturnType<typeof ownerOf>>,
    fingerprint = 'f1',
  ) =>
    completeEmpty({
      target,
      table,
      ...owner,
      fingerprint,
      attempt: 'attempt-0',
      subjects: ['dbo.a', 'dbo.b'],
      place: 'the chunk',
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  const staged = async (table: TargetConfig) => {
    const { rows } = await target.query<{ id: string; rows: number }>(
      `SELECT chunk_id::text AS id, count(*)::int AS rows FROM stage.${table.name} GROUP BY 1`,
    );
    return new Map(rows.map(({ id, rows: count }) => [id, count]));
  };

  test('is done with a ledger row, every step and every hop, and a new run finds nothing to do', async () => {
    const table = targetTable('nothing');
    const ids = await stageWith(target, table, {});
    expect(ids.size).toBe(0);
    const scope = scopeOf(table, 'nothing-1');
    const chunkId = (await plan(target, scope, [day('2025-01-01')])).get('20250101') ?? '';
    await complete(table, await ownerOf(target, chunkId));
    await complete(table, await ownerOf(target, chunkId));
    expect(await loadChunk(target, { chunkId })).toMatchObject({ state: 'DONE' });
    expect(await findLedgerRow(target, chunkId)).toMatchObject({ fingerprint: 'f1', rows: 0, sum: none.sum });
    const reports: ChunkReport[] = [];
    for await (const found of iterateChunkReports(target, 'nothing-1')) reports.push(found);
    const [report] = reports;
    expect(report?.steps.map(({ step, rows, reused }) => [step, rows, reused]).sort()).toEqual([
      ['checksum', 0, false],
      ['import', 0, false],
      ['transform', 0, false],
    ]);
    expect(report?.checksums.map(({ hop, subject, method }) => [hop, subject, method])).toEqual([
      ['stage', 'nothing', 'postgres'],
      ['transformed', 'dbo.a', 'none'],
      ['transformed', 'dbo.b', 'none'],
      ['transformed', 'nothing', 'none'],
    ]);
    for (const checksum of report?.checksums ?? [])
      expect(checksum).toMatchObject({ ...none, matches: true });

    const next = { ...scope, runId: 'nothing-2' };
    await insertRun(target, { runId: next.runId, category: 'cat', jobMode: 'resume', config: {} });
    const counts = await stageCounts(target, table, next);
    expect(await planChunks(target, next, [day('2025-01-01')], counts)).toEqual({ chunks: 1, done: 1 });
  });

  test('takes the rows of an earlier import out of the stage and of quarantine, and of no other chunk', async () => {
    const table = targetTable('emptied');
    const ids = await stageWith(target, table, {
      '2025-01-01': [row('2025-01-01')],
      '2025-01-02': [row('2025-01-02')],
    });
    const [chunkId = '', other = ''] = ids.values();
    await forceState(target, chunkId, 'PENDING');
    const owner = await ownerOf(target, chunkId);
    const left = { hop: 'quarantine', subject: table.name, checksum: { ...none, rows: 1 } } as const;
    for (const id of [chunkId, other])
      await recordResults(target, { ...owner, chunkId: id }, { checksums: [{ ...left, method: 'reader' }] });
    await complete(table, owner);
    expect(await staged(table)).toEqual(new Map([[other, 1]]));
    const { rows } = await target.query(
      `SELECT chunk_id::text AS id FROM migration_control.checksum WHERE run_id = $1 AND hop = 'quarantine'`,
      [owner.runId],
    );
    expect(rows).toEqual([{ id: other }]);
    expect(await findLedgerRow(target, chunkId)).toMatchObject({ rows: 0, attempt: 'attempt-0' });
  });

  test('is not done while the stage holds a row of it, and then nothing is recorded', async () => {
    const table = targetTable('stubborn');
    const ids = await stageWith(target, table, { '2025-01-01': [row('2025-01-01')] });
    const [chunkId = ''] = ids.values();
    await forceState(target, chunkId, 'PENDING');
    await target.query(
      `CREATE FUNCTION stage.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER keep BEFORE DELETE ON stage.stubborn FOR EACH ROW EXECUTE FUNCTION stage.keep()`,
    );
    await expect(complete(table, await ownerOf(target, chunkId))).rejects.toMatchObject({
      code: 'CHECKSUM_STAGE',
      message: expect.stringContaining('1 too many'),
    });
    expect(await loadChunk(target, { chunkId })).toMatchObject({ state: 'PENDING' });
    expect(await findLedgerRow(target, chunkId)).toMatchObject({ rows: 1 });
  });

  test('is left alone by an attempt that a newer run, a retry or another plan has overtaken', async () => {
    const table = targetTable('overtaken');
    const ids = await stageWith(target, table, { '2025-01-01': [row('2025-01-01')] });
    const [chunkId = ''] = ids.values();
    const owner = await ownerOf(target, chunkId);
    await forceState(target, chunkId, 'PENDING');
    await parkChunk(target, owner, { code: 'X', message: 'm' }, true);
    const superseded = { code: 'SUPERSEDED' };
    await expect(complete(table, owner)).rejects.toMatchObject(superseded);
    const now = await ownerOf(target, chunkId);
    await expect(complete(table, { ...now, runId: 'another' })).rejects.toMatchObject(superseded);
    await expect(complete(table, now, 'f2')).rejects.toMatchObject(superseded);
    expect(await staged(table)).toEqual(new Map([[chunkId, 1]]));
    expect(await findLedgerRow(target, chunkId)).toMatchObject({ rows: 1, attempt: 'attempt-1' });
  });
});
