import { createTarget, type Target } from '../../../engine/postgres/connection';
import { findLedgerRow } from '../../../engine/postgres/control/ledger';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { type ImportInput, importChunk } from '../../../engine/postgres/import-chunk';
import { checksumStage } from '../../../engine/postgres/stage-rows';
import { batchOf as batchOfCells } from '../../../engine/rows/cells';
import type { ColumnBatch } from '../../../engine/rows/column-batch';
import { createRowHasher } from '../../../engine/rows/hash/row-hasher';
import type { Column } from '../../../engine/rows/types';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  batchOf,
  checksumOf,
  day,
  importOf,
  importRows,
  plan,
  type Row,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const one: Row = ['a', '2025-01-01 00:00:00.000', 1500n, 'x'];
const two: Row = ['b', '2025-01-01 23:59:59.997', null, '\\N\t\n\r\\.'];

describe.each([18, 15] as const)('import on PostgreSQL %i', (version) => {
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

  const prepare = async (name: string) => {
    const table = targetTable(name);
    const ids = await stageWith(target, table, { '2025-01-01': [] });
    const chunkId = ids.get('20250101') ?? '';
    await target.query('DELETE FROM migration_control.ledger WHERE chunk_id = $1', [chunkId]);
    return { table, chunkId };
  };
  const inputOf = (
    table: ImportInput['table'],
    chunkId: string,
    rows: readonly Row[],
    changes = {},
  ): ImportInput => ({
    target,
    runId: `run-${table.name}`,
    chunkId,
    epoch: 0,
    ...importOf(table, rows),
    ...changes,
  });
  const state = async (name: string) => {
    const { rows } = await target.query<{ rows: number; ledger: number }>(
      `SELECT (SELECT count(*)::int FROM stage.${name}) AS rows,
              (SELECT count(*)::int FROM migration_control.ledger WHERE target = $1) AS ledger`,
      [name],
    );
    return rows[0];
  };

  test('a chunk arrives once; the same fingerprint again reads nothing', async () => {
    const { table, chunkId } = await prepare('once');
    expect(await importRows(target, table, chunkId, [one, two])).toMatchObject({ rows: 2, reused: false });
    const untouched = (): never => {
      throw new Error('was read');
    };
    expect(await importChunk(inputOf(table, chunkId, [one, two], { rows: untouched }))).toMatchObject({
      rows: 2,
      reused: true,
    });
    expect(await state('once')).toEqual({ rows: 2, ledger: 1 });
  });

  test('the stage holds what was sent, by the checksum of the reader', async () => {
    const { table, chunkId } = await prepare('same');
    await importRows(target, table, chunkId, [one, two]);
    expect(await checksumStage(target, table, chunkId)).toEqual(checksumOf(table, [one, two]));
  });

  test('another fingerprint replaces the rows of the chunk and of no other', async () => {
    const { table, chunkId } = await prepare('replaced');
    const other = (await plan(target, scopeOf(table, 'run-2'), [day('2025-01-01'), day('2025-01-02')])).get(
      '20250102',
    );
    await importRows(target, table, other ?? '', [['z', '2025-01-02 00:00:00.000', 0n, 'z']]);
    await importRows(target, table, chunkId, [one, two]);
    await importRows(target, table, chunkId, [one], 'f2');
    const { rows } = await target.query('SELECT cell_id FROM stage.replaced ORDER BY 1');
    expect(rows).toEqual([{ cell_id: 'a' }, { cell_id: 'z' }]);
  });

  test('a ledger row whose rows are gone does not count as done', async () => {
    const { table, chunkId } = await prepare('lost');
    await importRows(target, table, chunkId, [one, two]);
    await target.query(`DELETE FROM stage.lost WHERE cell_id = 'a'`);
    expect(await importRows(target, table, chunkId, [one, two])).toMatchObject({ reused: false });
    expect(await state('lost')).toEqual({ rows: 2, ledger: 1 });
  });

  test('parts of another content are imported although the fingerprint is the same', async () => {
    const { table, chunkId } = await prepare('renewed');
    await importRows(target, table, chunkId, [one]);
    const renewed = inputOf(table, chunkId, [two]);
    expect(await importChunk(renewed)).toMatchObject({ rows: 1, reused: false });
    expect(await state('renewed')).toEqual({ rows: 1, ledger: 1 });
  });

  test.each([
    ['another run owns the chunk', { runId: 'another-run' }],
    ['the chunk has to begin at its source again', { epoch: 1 }],
    ['the plan is another', { fingerprint: 'f0' }],
  ])('nothing is imported where %s', async (_, changes) => {
    const { table, chunkId } = await prepare(`late_${Object.keys(changes)[0]?.toLowerCase()}`);
    await importRows(target, table, chunkId, [one]);
    await expect(importChunk(inputOf(table, chunkId, [two], changes))).rejects.toMatchObject({
      code: 'SUPERSEDED',
    });
    expect(await state(table.name)).toEqual({ rows: 1, ledger: 1 });
  });

  test('other rows than the manifest says are rolled back, and the earlier import stays', async () => {
    const { table, chunkId } = await prepare('short');
    await importRows(target, table, chunkId, [one]);
    await expect(
      importChunk(
        inputOf(table, chunkId, [one, two], {
          expected: { rows: 3, sum: '0'.repeat(16) },
        }),
      ),
    ).rejects.toMatchObject({ code: 'CHECKSUM_STAGE' });
    expect(await state('short')).toEqual({ rows: 1, ledger: 1 });
    expect(await importRows(target, table, chunkId, [one])).toMatchObject({ reused: true });
  });

  test('parts of other content than the manifest says are rolled back, though they are as many', async () => {
    const { table, chunkId } = await prepare('damaged');
    await importRows(target, table, chunkId, [one]);
    const { rows } = importOf(table, [two]);
    await expect(
      importChunk(inputOf(table, chunkId, [['c', one[1], 0n, '']], { rows })),
    ).rejects.toMatchObject({
      code: 'CHECKSUM_STAGE',
      message: expect.stringContaining('different values'),
    });
    expect(await state('damaged')).toEqual({ rows: 1, ledger: 1 });
  });

  test('rows straight from their source, which no manifest tells of, arrive once by their fingerprint', async () => {
    const { table, chunkId } = await prepare('direct');
    const { expected, ...direct } = inputOf(table, chunkId, [one, two]);
    expect(await importChunk(direct)).toMatchObject({ rows: 2, reused: false, read: expected });
    const untouched = (): never => {
      throw new Error('was read');
    };
    const again = await importChunk({ ...direct, rows: untouched });
    expect(again).toMatchObject({ rows: 2, reused: true, read: expected });
  });

  test('rows of other types come by policy: the ledger has both sums and counts what was changed', async () => {
    const { table, chunkId } = await prepare('converted');
    const columns: readonly Column[] = table.columns.map((column) =>
      column.name === 'at' ? { ...column, type: { kind: 'timestamp', precision: 7 } } : column,
    );
    const late = '2025-01-01 23:59:59.9999000';
    const cells = ['a', 'b', 'c'].map((id, row) => [
      id,
      row === 0 ? '2025-01-01 00:00:00.0010000' : late,
      null,
      'x\0',
    ]);
    cells[2] = ['c', late, null, 'y'];
    const read = createRowHasher(columns);
    read.add(batchOfCells(columns, cells));
    const rounding: ImportInput['table'] = {
      ...table,
      columns: table.columns.map((column) =>
        column.name === 'at' ? { ...column, policy: 'round' } : column,
      ),
    };
    const kept: string[] = [];
    const input = inputOf(rounding, chunkId, [], {
      columns,
      expected: read.value(),
      rows: async function* () {
        yield batchOfCells(columns, cells);
      },
      quarantineLimit: 2,
      keep: async (lines: string) => `${kept.push(lines)}`,
    });
    expect(await importChunk(input)).toMatchObject({ rows: 1, reused: false, read: read.value() });
    const stored = checksumOf(table, [['c', '2025-01-02 00:00:00.000', null, 'y']]);
    expect(await checksumStage(target, table, chunkId)).toEqual(stored);
    expect(await findLedgerRow(target, chunkId)).toMatchObject({
      ...stored,
      readSum: read.value().sum,
      policies: [{ column: 'at', policy: 'round', values: 1 }],
      quarantine: { rows: 2 },
    });
    expect(kept[0]).toContain('x\\u0000');
    expect(await importChunk(input)).toMatchObject({ rows: 1, reused: true, read: read.value() });
  });

  test('what the reader has replaced is counted with what the conversion replaces', async () => {
    const { table, chunkId } = await prepare('replaced');
    const replacing = {
      ...table,
      columns: table.columns.map((column) =>
        column.type.kind === 'text' ? { ...column, policy: 'replace' as const } : column,
      ),
    };
    const input = inputOf(replacing, chunkId, [['a\0', one[1], one[2], '\ufffd'], two], {
      replaced: () => [
        { column: 'cell_id', values: 2 },
        { column: 'note', values: 1 },
      ],
    });
    expect(await importChunk(input)).toMatchObject({ rows: 2 });
    expect((await findLedgerRow(target, chunkId))?.policies).toEqual([
      { column: 'cell_id', policy: 'replace', values: 3 },
      { column: 'note', policy: 'replace', values: 1 },
    ]);
  });

  test('no rows are an import too', async () => {
    const { table, chunkId } = await prepare('empty');
    expect(await importRows(target, table, chunkId, [])).toMatchObject({ rows: 0, reused: false });
    expect(await importRows(target, table, chunkId, [])).toMatchObject({ rows: 0, reused: true });
  });

  test('an abort in the middle ends within a second, though the source is stuck, and leaves nothing', async () => {
    const { table, chunkId } = await prepare('cut');
    const abort = new AbortController();
    const pending = importChunk(
      inputOf(table, chunkId, [one, two], {
        signal: abort.signal,
        rows: () => thenStuck([one, two]),
      }),
    );
    pending.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const aborted = Date.now();
    abort.abort(new Error('cancelled by test'));
    await expect(pending).rejects.toThrow('cancelled by test');
    expect(Date.now() - aborted).toBeLessThan(1_000);
    // The next attempt waits for no dead one.
    expect(await importRows(target, table, chunkId, [one])).toMatchObject({ rows: 1, reused: false });
    expect(await state('cut')).toEqual({ rows: 1, ledger: 1 });
  });

  test('a backend killed in the middle of COPY leaves nothing, and a retry completes', async () => {
    const { table, chunkId } = await prepare('killed');
    const pending = importChunk(inputOf(table, chunkId, [one], { rows: () => thenStuck([one]) }));
    pending.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await postgres.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%killed%' AND pid <> pg_backend_pid()`,
    );
    await expect(pending).rejects.toMatchObject({ code: 'TARGET_CONNECTION', retryable: true });
    expect(await state('killed')).toEqual({ rows: 0, ledger: 0 });
    await importRows(target, table, chunkId, [one, two]);
    expect(await state('killed')).toEqual({ rows: 2, ledger: 1 });
  });

  test('a failing source keeps its own error, and the connection stays usable', async () => {
    const { table, chunkId } = await prepare('broken');
    const failing = async function* () {
      yield batchOf([one]);
      throw new Error('part is unreadable');
    };
    await expect(importChunk(inputOf(table, chunkId, [one], { rows: failing }))).rejects.toThrow(
      'part is unreadable',
    );
    expect(await state('broken')).toEqual({ rows: 0, ledger: 0 });
  });

  test('an attempt that meets a living one waits for it, and then finds the work done', async () => {
    const { table, chunkId } = await prepare('raced');
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = async function* () {
      yield batchOf([one]);
      await gate;
      yield batchOf([two]);
    };
    const first = importChunk(inputOf(table, chunkId, [one, two], { rows: slow }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = importRows(target, table, chunkId, [one, two]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    release();
    expect(await first).toMatchObject({ rows: 2, reused: false });
    expect(await second).toMatchObject({ rows: 2, reused: true });
    expect(await state('raced')).toEqual({ rows: 2, ledger: 1 });
  });
});

async function* thenStuck(rows: readonly Row[]): AsyncGenerator<ColumnBatch> {
  yield batchOf(rows);
  await new Promise(() => undefined);
}
