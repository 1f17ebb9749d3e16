import fc from 'fast-check';
import type { TargetConfig } from '../../../config/run-config';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { findLedgerRow } from '../../../engine/postgres/control/ledger';
import { chunkTotals, iterateChunkReports } from '../../../engine/postgres/control/reports';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { finalizeTarget } from '../../../engine/postgres/finalize';
import { type ImportInput, importChunk } from '../../../engine/postgres/import-chunk';
import { checksumStage } from '../../../engine/postgres/stage-rows';
import { addChecksums } from '../../../engine/validation/set-checksum';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  batchOf,
  checksumOf,
  column,
  day,
  forceState,
  importOf,
  ownerOf,
  plan,
  type Row,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const at = '2025-01-01 08:00:00.000';
const row = (id: number, changes: { readonly load?: bigint; readonly note?: string | null } = {}): Row => [
  `cell-${id}`,
  at,
  changes.load ?? 1n,
  changes.note === undefined ? `line\n${id}` : changes.note,
];
/** More digits than numeric(11,3) has: only the server can tell. */
const tooLarge = 9_876_543_210_500n;
const nul = 'secret\0';

describe.each([18, 15] as const)('rows that PostgreSQL %i cannot hold', (version) => {
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

  const prepare = async (name: string, changes: Partial<TargetConfig> = {}) => {
    const table = targetTable(name, changes);
    const ids = await stageWith(target, table, { '2025-01-01': [] });
    return { table, chunkId: ids.get('20250101') ?? '' };
  };

  /** Imports the rows in batches of `size`; what was kept is in `kept`, by key. */
  const run = async (
    { table, chunkId }: { readonly table: TargetConfig; readonly chunkId: string },
    rows: readonly Row[],
    { size = 3, limit = 100, ...changes }: { size?: number; limit?: number } & Partial<ImportInput> = {},
  ) => {
    const kept = new Map<string, string>();
    const result = await importChunk({
      target,
      ...(await ownerOf(target, chunkId)),
      ...importOf(table, rows),
      async *rows() {
        for (let from = 0; from < rows.length; from += size) yield batchOf(rows.slice(from, from + size));
      },
      quarantineLimit: limit,
      keep: async (lines) => {
        const key = `quarantine/${kept.size}`;
        kept.set(key, lines);
        return key;
      },
      ...changes,
    }).catch((error: unknown) => error as Error);
    return { result, kept };
  };

  const entries = (lines: string | undefined) =>
    (lines ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { ordinal: number; column: string | null; reason: string });

  const staged = async (name: string) => {
    const { rows } = await target.query<{ cell_id: string }>(
      `SELECT cell_id FROM stage."${name}" ORDER BY 1`,
    );
    return rows.map(({ cell_id }) => cell_id);
  };

  const expectShown = (error: unknown, message: RegExp) => {
    expect(error).toMatchObject({
      code: 'VALUE_UNREPRESENTABLE',
      message: expect.stringMatching(message),
    });
    const { stack, cause } = error as Error;
    expect(`${stack} ${JSON.stringify(cause)} ${(cause as Error | undefined)?.stack}`).not.toMatch(
      /9876543210|secret/,
    );
  };

  test.each([
    ['the encoder', row(4, { note: nul }), 'note', /U\+0000/],
    ['the server', row(4, { load: tooLarge }), 'load', /22003/],
  ])(
    'park their chunk where none may be left out: %s names column and row, never the value',
    async (_, bad, name, why) => {
      const chunk = await prepare(`parked_${name}`);
      const rows = [0, 1, 2, 3].map((id) => row(id));
      const { result } = await run(chunk, [...rows, bad, row(5)], { limit: 0 });
      expectShown(result, new RegExp(`^Column ${name}, row 4 of the chunk: .*${why.source}`));
      expect(await staged(`parked_${name}`)).toEqual([]);
      expect(await findLedgerRow(target, chunk.chunkId)).toMatchObject({ rows: 0 });
    },
  );

  test('are named exactly where table, column and values look like PostgreSQL’s words for a place', async () => {
    const odd = 'load: "1';
    const chunk = await prepare('t, line 99, column load: x', {
      columns: [
        column('cell_id', 'varchar(50)', false),
        column('at', 'timestamp(3)', false),
        column(odd, 'numeric(11,3)'),
        column('note', 'text'),
      ],
    });
    const rows = [row(0, { note: '\nCOPY t, line 1, column note: ' }), row(1, { load: tooLarge })];
    const { result, kept } = await run(chunk, rows, { limit: 1 });
    expect(result).toMatchObject({ rows: 1 });
    expect(entries(kept.get('quarantine/0'))).toMatchObject([
      { ordinal: 1, column: odd, reason: 'SQLSTATE_22003' },
    ]);
  });

  test('go to quarantine, found by encoder and server in any batch, and the rest arrives', async () => {
    const chunk = await prepare('mixed');
    await postgres.admin.query(`
      ALTER TABLE stage.mixed ADD CONSTRAINT no_nines CHECK (load <> 9);
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.note LIKE 'refused%' THEN RAISE numeric_value_out_of_range; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON stage.mixed FOR EACH ROW EXECUTE FUNCTION refuse();
      ALTER TABLE stage.mixed ALTER note SET NOT NULL`);
    const rows = [
      row(10, { load: tooLarge }),
      row(11),
      row(12, { note: nul }),
      row(13, { note: nul }),
      row(14),
      row(15, { load: 9000n }),
      row(16, { note: 'refused\nCOPY mixed, line 1, column load: "' }),
      row(17, { note: null }),
      row(18, { load: tooLarge, note: nul }),
      row(19),
      row(20, { load: -tooLarge }),
    ];
    const { result, kept } = await run(chunk, rows);
    expect(result).toMatchObject({ rows: 3, reused: false });
    expect(await staged('mixed')).toEqual(['cell-11', 'cell-14', 'cell-19']);
    expect(
      entries(kept.get('quarantine/0')).map(({ ordinal, column: name, reason }) => [ordinal, name, reason]),
    ).toEqual([
      [0, 'load', 'SQLSTATE_22003'],
      [2, 'note', 'NUL_CHARACTER'],
      [3, 'note', 'NUL_CHARACTER'],
      [5, null, 'SQLSTATE_23514'],
      [6, null, 'SQLSTATE_22003'],
      [7, 'note', 'SQLSTATE_23502'],
      [8, 'note', 'NUL_CHARACTER'],
      [10, 'load', 'SQLSTATE_22003'],
    ]);
    const ledger = await findLedgerRow(target, chunk.chunkId);
    expect(ledger).toMatchObject({ rows: 3, quarantine: { rows: 8, object: 'quarantine/0' } });
    expect(ledger?.sum).toBe((await checksumStage(target, chunk.table, chunk.chunkId)).sum);
  });

  test('add up with the stage to all rows, wherever they are and however the rows are batched', async () => {
    const chunk = await prepare('property');
    const flaw = fc.constantFrom({}, {}, {}, { note: nul }, { load: tooLarge }, { note: null });
    let left = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(flaw, { maxLength: 14 }),
        fc.integer({ min: 1, max: 6 }),
        async (flaws, size) => {
          const rows = flaws.map((changes, id) => row(id, changes));
          const { kept } = await run(chunk, rows, { size });
          const bad = flaws.flatMap((changes, id) => ('load' in changes || changes.note === nul ? [id] : []));
          left += bad.length;
          expect(entries(kept.get('quarantine/0')).map(({ ordinal }) => ordinal)).toEqual(bad);
          const inStage = await checksumStage(target, chunk.table, chunk.chunkId);
          expect(inStage).toEqual(
            checksumOf(
              chunk.table,
              rows.filter((_, id) => !bad.includes(id)),
            ),
          );
          const quarantined = (await findLedgerRow(target, chunk.chunkId))?.quarantine;
          expect(quarantined !== undefined).toBe(bad.length > 0);
          const parts = quarantined === undefined ? [inStage] : [inStage, quarantined];
          expect(addChecksums(parts)).toEqual(checksumOf(chunk.table, rows));
        },
      ),
      { numRuns: 40 },
    );
    expect(left).toBeGreaterThan(5);
  });

  test('are the right ones also where the second reading gives the rows in another order', async () => {
    const chunk = await prepare('reordered');
    const rows = [row(0, { note: nul }), row(1), row(2, { load: tooLarge }), row(3), row(4)];
    const readings = [rows, rows.toReversed()];
    const { result, kept } = await run(chunk, rows, {
      async *rows() {
        const reading = readings.shift() ?? [];
        yield batchOf(reading.slice(0, 2));
        yield batchOf(reading.slice(2));
      },
    });
    expect(result).toMatchObject({ rows: 3 });
    expect(entries(kept.get('quarantine/0'))).toMatchObject([
      { ordinal: 2, reason: 'SQLSTATE_22003' },
      { ordinal: 4, reason: 'NUL_CHARACTER' },
    ]);
    const ledger = await findLedgerRow(target, chunk.chunkId);
    expect(await checksumStage(target, chunk.table, chunk.chunkId)).toEqual({ rows: 3, sum: ledger?.sum });
  });

  test('park their chunk beyond the limit: nothing is kept, and an earlier import stays', async () => {
    const chunk = await prepare('limited');
    await run(chunk, [row(1)]);
    const rows = [row(0, { note: nul }), row(1), row(2, { load: tooLarge }), row(3, { load: tooLarge })];
    const { result, kept } = await run(chunk, rows, { limit: 2 });
    expectShown(result, /^Column load, row 3 of the chunk: .*More than 2 rows/);
    expect(kept.size).toBe(0);
    expect(await staged('limited')).toEqual(['cell-1']);
    expect(await findLedgerRow(target, chunk.chunkId)).toMatchObject({ rows: 1 });
    expect((await run(chunk, rows, { limit: 3 })).result).toMatchObject({ rows: 1 });
  });

  test('are found done by the next attempt, and are imported anew where the policy has changed', async () => {
    const chunk = await prepare('again');
    const rows = [row(0), row(1, { note: nul })];
    await run(chunk, rows);
    const untouched = (): never => {
      throw new Error('was read');
    };
    expect((await run(chunk, rows, { rows: untouched, limit: 1 })).result).toMatchObject({
      reused: true,
      rows: 1,
    });
    expectShown((await run(chunk, rows, { limit: 0 })).result, /^Column note, row 1 /);
    const mended = [row(0), row(1)];
    expect((await run(chunk, mended)).result).toMatchObject({ reused: false, rows: 2 });
    expect((await findLedgerRow(target, chunk.chunkId))?.quarantine).toBeUndefined();
  });

  test('are not left out where their file cannot be stored', async () => {
    const chunk = await prepare('unkept');
    const keep = () => Promise.reject(new Error('no such bucket'));
    const { result } = await run(chunk, [row(0), row(1, { note: nul })], { keep });
    expect(result).toMatchObject({ message: 'no such bucket' });
    expect(await staged('unkept')).toEqual([]);
    expect(await findLedgerRow(target, chunk.chunkId)).toMatchObject({ rows: 0 });
  });

  test('do not include those that only collide with others: these park their chunk', async () => {
    const chunk = await prepare('collide', { primaryKey: [] });
    await postgres.admin.query('CREATE UNIQUE INDEX ON stage.collide (cell_id, at)');
    const { result, kept } = await run(chunk, [row(1), row(1), row(2, { note: nul })]);
    expect(result).toMatchObject({
      code: 'VALUE_UNREPRESENTABLE',
      message: expect.stringContaining('23505'),
    });
    expect(kept.size).toBe(0);
    expect(await staged('collide')).toEqual([]);
  });

  test.each([
    [0, 'PENDING'],
    [1, 'PENDING'],
    [2, 'DONE'],
  ])('leave a done chunk of the next plan, where %i may be left out, %s', async (quarantineLimit, state) => {
    const chunk = await prepare(`planned_${quarantineLimit}`);
    await run(chunk, [row(0), row(1, { note: nul }), row(2, { note: nul })]);
    await forceState(target, chunk.chunkId, 'DONE');
    const scope = { ...scopeOf(chunk.table, `next-${chunk.table.name}`), quarantineLimit };
    await plan(target, scope, [day('2025-01-01')], new Map([[chunk.chunkId, 1]]));
    const { rows } = await target.query('SELECT state FROM migration_control.chunk WHERE chunk_id = $1', [
      chunk.chunkId,
    ]);
    expect(rows).toEqual([{ state }]);
  });

  test('are counted in a run’s totals, and their object is named where chunks are told', async () => {
    const table = targetTable('told');
    const ids = await stageWith(target, table, { '2025-01-01': [row(0)], '2025-01-02': [] });
    const chunkId = ids.get('20250102') ?? '';
    await run({ table, chunkId }, [row(1), row(2, { note: nul }), row(3, { note: nul })]);
    await forceState(target, chunkId, 'NEEDS_ATTENTION');
    expect(await chunkTotals(target, 'run-told')).toMatchObject([
      { chunks: 2, done: 1, parked: 1, rows: 2, rowsQuarantined: 2, rowsLeft: 1 },
    ]);
    const told = [];
    for await (const { quarantine } of iterateChunkReports(target, 'run-told')) told.push(quarantine);
    expect(told).toEqual([null, { rows: 2, object: 'quarantine/0' }]);
  });

  test('do not keep their target from being finalized, exactly without them', async () => {
    const chunk = await prepare('finalized');
    await run(chunk, [row(0, { load: tooLarge }), row(1), row(2, { note: nul })]);
    await forceState(target, chunk.chunkId, 'DONE');
    const finalize = () =>
      finalizeTarget({
        target,
        table: chunk.table,
        targetSchema: 'mart',
        dependents: 'refuse',
        signal: new AbortController().signal,
      });
    expect(await finalize()).toMatchObject({ rows: 1, sum: checksumOf(chunk.table, [row(1)]).sum });
    await target.query(
      `INSERT INTO stage.finalized SELECT 'cell-0', at, 1, note, chunk_id FROM stage.finalized`,
    );
    await expect(finalize()).rejects.toMatchObject({ code: 'STAGE_INCOMPLETE' });
  });
});
