import { checkTarget } from '../../../engine/postgres/check-target';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { finalizeTarget } from '../../../engine/postgres/finalize';
import { checksumSelectListPostgres } from '../../../engine/rows/checksum-postgres';
import { startPostgres, type TestPostgres } from '../../support/postgres';
import {
  adoptRows,
  column,
  forceState,
  scopeOf,
  stageWith,
  targetTable,
} from '../../support/target-fixtures';

jest.setTimeout(60_000);

const january = {
  '2025-01-01': [
    ['a', '2025-01-01 00:00:00.000', 1500n, 'x'],
    ['b', '2025-01-01 23:59:59.997', null, ''],
  ],
  '2025-01-02': [['a', '2025-01-02 00:00:00.000', -1n, null]],
} as const;

describe.each([18, 15] as const)('finalize on PostgreSQL %i', (version) => {
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

  const finalize = (name: string, dependents: 'refuse' | 'recreate' = 'refuse', changes = {}) =>
    finalizeTarget({
      target,
      table: targetTable(name, changes),
      targetSchema: 'mart',
      dependents,
      signal: new AbortController().signal,
    });
  const contents = async (name: string) =>
    (await target.query(`SELECT cell_id, at::text, load::text, note FROM mart.${name} ORDER BY 1, 2`)).rows;
  const change = (name: string) =>
    target.query(`UPDATE stage.${name} SET note = 'changed' WHERE cell_id = 'b'`);

  test('a table has the same checksum in sessions of every DateStyle', async () => {
    const table = targetTable('styled');
    await stageWith(target, table, january);
    const sumIn = (style: string) =>
      target.transaction(async (client) => {
        await client.query(`SET LOCAL datestyle = '${style}'`);
        const list = checksumSelectListPostgres(table.columns);
        const { rows } = await client.query(
          'SELECT rows, sum FROM migration_control.table_checksum($1, $2)',
          ['stage.styled', list],
        );
        return rows;
      });
    expect(await sumIn('German')).toEqual(await sumIn('ISO, YMD'));
  });

  test('the founding CALL builds the table with types, NOT NULLs and primary key', async () => {
    await stageWith(target, targetTable('founding'), january);
    await target.query(`CALL stage.stage_ctas_null_upd_founding('mart', 'founding')`);
    expect(await contents('founding')).toEqual([
      { cell_id: 'a', at: '2025-01-01 00:00:00', load: '1.500', note: 'x' },
      { cell_id: 'a', at: '2025-01-02 00:00:00', load: '-0.001', note: null },
      { cell_id: 'b', at: '2025-01-01 23:59:59.997', load: null, note: '' },
    ]);
    const { rows } = await target.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
        WHERE attrelid = 'mart.founding'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(rows).toEqual([
      { attname: 'cell_id', type: 'character varying(50)', attnotnull: true },
      { attname: 'at', type: 'timestamp(3) without time zone', attnotnull: true },
      { attname: 'load', type: 'numeric(11,3)', attnotnull: false },
      { attname: 'note', type: 'text', attnotnull: false },
    ]);
    const key = await target.query(
      `SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint
        WHERE conrelid = 'mart.founding'::regclass AND contype = 'p'`,
    );
    expect(key.rows).toEqual([{ conname: 'founding_pkey', def: 'PRIMARY KEY (cell_id, at)' }]);
    await checkTarget(target, targetTable('founding'), 'mart');
  });

  test('a second finalize of the same stage swaps nothing', async () => {
    await stageWith(target, targetTable('twice'), january);
    const first = await finalize('twice');
    const oid = await oidOf('twice');
    expect(first).toMatchObject({ rows: 3, reused: false });
    expect(await finalize('twice')).toEqual({ ...first, reused: true });
    expect(await oidOf('twice')).toBe(oid);
  });

  test('a changed stage replaces the live table and keeps the old one until drop_old', async () => {
    await stageWith(target, targetTable('kept'), january);
    await finalize('kept');
    await change('kept');
    const { oldTable } = await finalize('kept');
    expect((await contents('kept')).at(-1)).toMatchObject({ note: 'changed' });
    expect((await contents(oldTable ?? '')).at(-1)).toMatchObject({ note: '' });
    await target.query(`UPDATE stage.kept SET note = 'again' WHERE cell_id = 'b'`);
    await finalize('kept');
    await target.query(`CALL migration_control.drop_old('mart', 'kept')`);
    const { rows } =
      await target.query(`SELECT relname FROM pg_class WHERE relname ~ '^kept' AND relkind = 'r'
      AND relnamespace = 'mart'::regnamespace`);
    expect(rows).toEqual([{ relname: 'kept' }]);
  });

  test('owner, grants, comments, options and secondary indexes move to the new table', async () => {
    await stageWith(target, targetTable('dressed'), january);
    await finalize('dressed');
    await postgres.admin.query(`
      DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader; CREATE ROLE dresser; END IF;
      END $$;
      GRANT dresser TO migration; GRANT CREATE, USAGE ON SCHEMA mart TO dresser;
      ALTER TABLE mart.dressed OWNER TO dresser;
      GRANT SELECT ON mart.dressed TO reader WITH GRANT OPTION; GRANT UPDATE (note) ON mart.dressed TO PUBLIC;
      COMMENT ON TABLE mart.dressed IS 'it''s'; COMMENT ON COLUMN mart.dressed.note IS 'n';
      ALTER TABLE mart.dressed SET (fillfactor = 90);
      CREATE INDEX "By Load" ON mart.dressed USING btree (load DESC) INCLUDE (note) WHERE load > 0;
      ALTER DEFAULT PRIVILEGES FOR ROLE migration IN SCHEMA mart GRANT INSERT ON TABLES TO reader;`);
    const look = async () =>
      (
        await postgres.admin.query(
          `SELECT relacl::text[], relowner::regrole::text, reloptions, obj_description(c.oid) AS comment,
                  col_description(c.oid, 4) AS note,
                  (SELECT attacl::text FROM pg_attribute WHERE attrelid = c.oid AND attname = 'note') AS attacl,
                  ARRAY(SELECT indexdef FROM pg_indexes WHERE schemaname = 'mart' AND tablename = 'dressed' ORDER BY 1) AS indexes
             FROM pg_class c WHERE c.oid = 'mart.dressed'::regclass`,
        )
      ).rows[0];
    const before = await look();
    await change('dressed');
    expect((await finalize('dressed')).oldTable).toMatch(/^dressed_old_\d{14}$/);
    const after = await look();
    expect({ ...after, relacl: [...after.relacl].sort() }).toEqual({
      ...before,
      relacl: [...before.relacl].sort(),
    });
    await postgres.admin.query(
      'ALTER DEFAULT PRIVILEGES FOR ROLE migration IN SCHEMA mart REVOKE INSERT ON TABLES FROM reader',
    );
  });

  test('views and foreign keys are refused by name, or recreated in the swap', async () => {
    await stageWith(target, targetTable('watched'), january);
    await finalize('watched');
    await target.query(`
      CREATE VIEW mart.direct WITH (security_barrier = true) AS SELECT cell_id, count(*) AS n FROM mart.watched GROUP BY 1;
      CREATE VIEW mart.nested AS SELECT sum(n) AS n FROM mart.direct;
      CREATE MATERIALIZED VIEW mart.stored AS SELECT note FROM mart.watched;
      CREATE UNIQUE INDEX stored_note ON mart.stored (note);
      GRANT SELECT ON mart.nested TO PUBLIC; GRANT SELECT ON mart.stored TO PUBLIC;
      CREATE TABLE mart.pointing (cell_id varchar(50), at timestamp(3),
        CONSTRAINT points FOREIGN KEY (cell_id, at) REFERENCES mart.watched (cell_id, at) ON DELETE CASCADE);
      INSERT INTO mart.pointing VALUES ('a', '2025-01-01')`);
    await change('watched');
    const oid = await oidOf('watched');
    await expect(finalize('watched')).rejects.toMatchObject({
      code: 'TARGET_DEPENDENTS',
      message: expect.stringMatching(
        /view mart\.direct.*materialized view mart\.stored.*foreign key points of mart\.pointing/,
      ),
    });
    expect(await oidOf('watched')).toBe(oid);

    await finalize('watched', 'recreate');
    expect(await oidOf('watched')).not.toBe(oid);
    await target.query(`DELETE FROM mart.watched WHERE cell_id = 'b'`);
    expect((await target.query('SELECT n::int FROM mart.nested')).rows).toEqual([{ n: 2 }]);
    expect(
      (await target.query(`SELECT count(*)::int AS n FROM mart.stored WHERE note = 'changed'`)).rows,
    ).toEqual([{ n: 1 }]);
    await target.query(`DELETE FROM mart.watched WHERE cell_id = 'a' AND at = '2025-01-01'`);
    expect((await target.query('SELECT * FROM mart.pointing')).rows).toEqual([]);
    const { rows } = await postgres.admin.query(
      `SELECT (SELECT reloptions FROM pg_class WHERE oid = 'mart.direct'::regclass) AS options,
              has_table_privilege('public', 'mart.nested', 'SELECT') AS nested,
              has_table_privilege('public', 'mart.stored', 'SELECT') AS stored,
              (SELECT count(*)::int FROM pg_indexes WHERE indexname = 'stored_note') AS indexes`,
    );
    expect(rows).toEqual([{ options: ['security_barrier=true'], nested: true, stored: true, indexes: 1 }]);
  });

  test.each([
    [
      'trigger',
      `CREATE FUNCTION mart.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
                 CREATE TRIGGER guard BEFORE INSERT ON mart.hard FOR EACH ROW EXECUTE FUNCTION mart.noop()`,
      /trigger guard/,
    ],
    [
      'check constraint',
      'ALTER TABLE mart.hard ADD CONSTRAINT positive CHECK (load > -9)',
      /constraint positive/,
    ],
    ['default', `ALTER TABLE mart.hard ALTER note SET DEFAULT 'n'`, /default value/],
    ['row-level security', 'ALTER TABLE mart.hard ENABLE ROW LEVEL SECURITY', /row-level security/],
  ])(
    'a %s on the live table is refused even with recreate, as it cannot be brought back',
    async (_kind, sql, named) => {
      await stageWith(target, targetTable('hard'), january);
      await target.query('DROP TABLE IF EXISTS mart.hard');
      await finalize('hard');
      await target.query(sql);
      await target.query(`UPDATE stage.hard SET note = clock_timestamp()::text WHERE cell_id = 'b'`);
      await expect(finalize('hard', 'recreate')).rejects.toMatchObject({
        code: 'TARGET_DEPENDENTS',
        message: expect.stringMatching(named),
      });
    },
  );

  test('keys that collide between two sources name both, and nothing is swapped', async () => {
    const table = targetTable('colliding');
    await stageWith(target, table, { '2025-01-01': [['secret-key', '2025-01-01 01:00:00.000', 1n, 'x']] });
    await finalize('colliding');
    await stageWith(
      target,
      table,
      { '2025-01-01': [['secret-key', '2025-01-01 01:00:00.000', 2n, 'y']] },
      scopeOf(table, 'run-b', { server: 'server02' }),
    );
    const failure = await finalize('colliding').catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'TARGET_KEY_COLLISION' });
    expect(String(failure)).toMatch(/1 keys in server01\/DatabaseA and server02\/DatabaseA/);
    expect(JSON.stringify([failure, String(failure), (failure as Error).cause])).not.toContain('secret-key');
    expect(await contents('colliding')).toHaveLength(1);
    const { rows } = await target.query(`SELECT to_regclass('mart.colliding_new') AS leftover`);
    expect(rows).toEqual([{ leftover: null }]);
  });

  test('a live table of another shape is refused with each difference', async () => {
    const table = targetTable('shaped');
    await stageWith(target, table, january);
    await target.query(
      `CREATE TABLE mart.shaped (cell_id varchar(40) NOT NULL, load numeric(11,3), at timestamp(3) NOT NULL, extra int)`,
    );
    const expected = {
      code: 'TARGET_SHAPE',
      message: expect.stringMatching(
        /cell_id.*character varying\(40\), not character varying\(50\).*at.*number 3.*load.*number 2.*note.*missing.*extra/s,
      ),
    };
    await expect(checkTarget(target, table, 'mart')).rejects.toMatchObject(expected);
    await expect(finalize('shaped')).rejects.toMatchObject({ code: 'TARGET_SHAPE' });
    expect((await target.query('SELECT * FROM mart.shaped')).rows).toEqual([]);
  });

  test('a table of another owner is refused, naming the grant', async () => {
    await postgres.admin.query(
      `CREATE TABLE mart.foreign_one (cell_id varchar(50) NOT NULL, at timestamp(3) NOT NULL, load numeric(11,3), note text)`,
    );
    await expect(checkTarget(target, targetTable('foreign_one'), 'mart')).rejects.toMatchObject({
      code: 'TARGET_PERMISSION',
      message: expect.stringContaining('GRANT postgres TO'),
    });
  });

  test('a stage with chunks still to come is refused, whoever calls, and the live table stays', async () => {
    const table = targetTable('undone');
    const ids = await stageWith(target, table, {
      '2025-01-01': [['a', '2025-01-01 00:00:00.000', 1n, null]],
    });
    await target.query(`CALL stage.stage_ctas_null_upd_undone('mart', 'undone')`);
    await forceState(target, ids.get('20250101') ?? '', 'PENDING');
    await target.query('DELETE FROM stage.undone');
    await target.query('DELETE FROM migration_control.ledger WHERE chunk_id = $1', [ids.get('20250101')]);
    await expect(
      target.query(`CALL stage.stage_ctas_null_upd_undone('mart', 'undone')`),
    ).rejects.toMatchObject({
      code: 'STAGE_INCOMPLETE',
      message: expect.stringContaining('server01/DatabaseA 20250101 is PENDING'),
    });
    expect((await target.query('SELECT count(*)::int AS n FROM mart.undone')).rows).toEqual([{ n: 1 }]);
  });

  test('rows that came into the stage behind the ledger are refused', async () => {
    const table = targetTable('behind');
    await stageWith(target, table, { '2025-01-01': [['a', '2025-01-01 00:00:00.000', 1n, null]] });
    await target.query(`INSERT INTO stage.behind SELECT 'b', at, load, note, chunk_id FROM stage.behind`);
    await expect(
      target.query(`CALL stage.stage_ctas_null_upd_behind('mart', 'behind')`),
    ).rejects.toMatchObject({
      code: 'STAGE_INCOMPLETE',
    });
  });

  test.each([
    ['that no plan has', '(1::bigint << 53)'],
    ['of another target', '0'],
  ])(
    'rows of a chunk %s are refused, with what removes them, and the rest goes live then',
    async (_kind, flipped) => {
      const own = targetTable(`strange${flipped.length}`);
      const other = targetTable(`stranger${flipped.length}`);
      const rows = { '2025-01-01': [['a', '2025-01-01 00:00:00.000', 1n, null]] } as const;
      await stageWith(target, own, rows);
      const foreign = (await stageWith(target, other, rows)).get('20250101');
      const stage = `stage.${own.name}`;
      const call = () => target.query(`CALL stage.stage_ctas_null_upd_${own.name}('mart', '${own.name}')`);
      // As where a bit of it flips on its way.
      await target.query(
        `INSERT INTO ${stage} SELECT 'b', at, load, note, ${foreign} + ${flipped} FROM ${stage}`,
      );
      const error = await call().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'STAGE_INCOMPLETE' });
      const [removal] =
        /DELETE FROM stage\.\w+ WHERE chunk_id IN \(\d+\)/.exec((error as Error).message) ?? [];
      expect((await target.query(removal ?? '')).rowCount).toBe(1);
      await call();
      expect((await target.query(`SELECT count(*)::int AS n FROM mart.${own.name}`)).rows).toEqual([
        { n: 1 },
      ]);
    },
  );

  test('an abort during the build leaves the live table, and the server stops within seconds', async () => {
    const table = targetTable('aborted', { columns: [column('id', 'bigint', false)], primaryKey: ['id'] });
    const unpartitioned = { ...table };
    delete (unpartitioned as { partitionColumn?: string }).partitionColumn;
    await stageWith(target, unpartitioned, {});
    await target.query('INSERT INTO stage.aborted SELECT n, 1 FROM generate_series(1, 800000) AS n');
    await adoptRows(target, unpartitioned);
    const abort = new AbortController();
    const started = Date.now();
    setTimeout(() => abort.abort(new Error('stop')), 200);
    await expect(
      finalizeTarget({
        target,
        table: unpartitioned,
        targetSchema: 'mart',
        dependents: 'refuse',
        signal: abort.signal,
      }),
    ).rejects.toThrow('stop');
    expect(Date.now() - started).toBeLessThan(1_500);
    await eventually(async () => {
      const { rows } = await postgres.admin.query(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL%' AND state = 'active'`,
      );
      return rows.length === 0;
    });
    expect((await target.query(`SELECT to_regclass('mart.aborted') AS live`)).rows).toEqual([{ live: null }]);
  });

  test('a reader that holds the live table delays the swap and does not break it', async () => {
    await stageWith(target, targetTable('busy'), january);
    await finalize('busy');
    await change('busy');
    const release = await target.withClient(async (client) => {
      await client.query('BEGIN; SELECT * FROM mart.busy');
      const pending = finalize('busy');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await client.query('COMMIT');
      return pending;
    });
    expect(release).toMatchObject({ reused: false, rows: 3 });
  });

  async function oidOf(name: string): Promise<string> {
    const { rows } = await target.query<{ oid: string }>(
      `SELECT to_regclass('mart.${name}')::oid::text AS oid`,
    );
    return rows[0]?.oid ?? '';
  }
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not come true within five seconds');
}
