import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Estate, startEstate } from '../../support/estate.js';
import { joinCategory, joinTables, serverOf } from './small-category.js';
import { chunks, meddleBefore, rowsOf, type Steering, states, steeredRun } from './steered-run.js';

const options = { databases: { server01: ['One'] } };
const left = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('b', '2025-01-02 08:00', 'second', 2.5, 2)`,
  `('c', '2025-01-03 08:00', NULL, NULL, NULL)`,
];
const right = [`('a', '2025-01-01 08:00', 11)`, `('b', '2025-01-02 08:00', 12)`];
const names = ['raw', 'unreadable', 'transformed', 'stage', 'target'] as const;

/** A checksum promised and never computed: rows changed where they rest must stop their chunk, and only that. */
describe('what is changed between two hops', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: serverOf(
          'server01',
          names.flatMap((name) => joinTables(name, left, right)),
        ),
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const whole = [
    '["a","2025-01-01T08:00:00","first",1.5,1,"a",11]',
    '["b","2025-01-02T08:00:00","second",2.5,2,"b",12]',
    '["c","2025-01-03T08:00:00",null,null,null,null,null]',
  ];

  /** The one part under `folder` of the chunk of 2025-01-02. */
  function part(bucket: 'raw' | 'transformed', folder: string): string {
    const root = join(estate.directory, 'buckets', bucket, folder, '2025/01/02');
    const [file, ...others] = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.parquet'),
    );
    if (file === undefined || others.length > 0) throw new Error(`not one part in ${root}`);
    return join(root, file);
  }

  async function rewrite(file: string, change: string): Promise<void> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE t AS SELECT * REPLACE (${change}) FROM read_parquet('${file}')`);
    await connection.run(`COPY t TO '${file}' (FORMAT parquet)`);
    connection.closeSync();
    instance.closeSync();
  }

  async function expectParked(name: string, code: string, message: RegExp, steering: Steering) {
    joinCategory(estate, name, options);
    const { failure } = await steeredRun(estate, { category: name }, steering);
    expect(failure).toMatchObject({
      type: 'CHUNKS_NEED_ATTENTION',
      message: expect.stringMatching(/^1 chunks /),
    });
    expect(await states(estate, name)).toEqual([
      'One/20250101 DONE',
      `One/20250102 NEEDS_ATTENTION ${code}`,
      'One/20250103 DONE',
    ]);
    const parked = (await chunks(estate, name)).find((chunk) => chunk.state !== 'DONE');
    expect(parked?.message).toMatch(message);
    expect(await rowsOf(estate, `mart.${name}`)).toBeUndefined();
  }

  /** Another run has to begin at the source: what rests in the buckets may be what is wrong. */
  async function expectMended(name: string) {
    expect(await estate.run({ category: name })).toMatchObject({ chunksDone: 3, chunksParked: 0 });
    expect(await rowsOf(estate, `mart.${name}`)).toEqual(whole);
  }

  it('a raw part: parks with CHECKSUM_EXPORT, naming the table; the next run mends it', async () => {
    const meddle = () =>
      rewrite(part('raw', 'raw/raw/server01/One/dbo/raw_right'), 'CAST(99 AS INTEGER) AS quality');
    await expectParked(
      'raw',
      'CHECKSUM_EXPORT',
      /raw_right/,
      meddleBefore(estate, 'transformChunk', '20250102', meddle),
    );
    await expectMended('raw');
  }, 120_000);

  it('a raw part that is no Parquet any more: parks, and the next run mends it', async () => {
    const meddle = async () =>
      writeFileSync(part('raw', 'unreadable/unreadable/server01/One/dbo/unreadable_left'), 'not Parquet');
    await expectParked(
      'unreadable',
      'CHECKSUM_EXPORT',
      /unreadable_left/,
      meddleBefore(estate, 'transformChunk', '20250102', meddle),
    );
    await expectMended('unreadable');
  }, 120_000);

  it('a transformed part: parks with CHECKSUM_STAGE, naming the chunk; the next run mends it', async () => {
    const meddle = () =>
      rewrite(part('transformed', 'transformed/transformed/server01/One'), `'forged' AS note`);
    const place = /^transformed server01\/One 20250102: /;
    await expectParked(
      'transformed',
      'CHECKSUM_STAGE',
      place,
      meddleBefore(estate, 'importChunk', '20250102', meddle),
    );
    expect(await rowsOf(estate, 'stage.transformed')).toEqual([whole[0], whole[2]]);
    await expectMended('transformed');
  }, 120_000);

  it('a stage row: parks with CHECKSUM_STAGE, naming the chunk; the next run mends it', async () => {
    const meddle = () => estate.postgres.query(`UPDATE stage.stage SET amount = 7 WHERE id = 'b'`);
    const place = /^stage server01\/One 20250102: /;
    await expectParked(
      'stage',
      'CHECKSUM_STAGE',
      place,
      meddleBefore(estate, 'checksumChunk', '20250102', meddle),
    );
    const { rows } = await estate.postgres.query(
      `SELECT hop, subject, matches FROM migration_control.checksum JOIN migration_control.chunk USING (chunk_id, run_id)
        WHERE category = 'stage' AND window_label = '20250102' ORDER BY hop, subject`,
    );
    expect(rows).toEqual([
      { hop: 'raw', subject: 'dbo.stage_left', matches: true },
      { hop: 'raw', subject: 'dbo.stage_right', matches: true },
      { hop: 'source', subject: 'dbo.stage_left', matches: null },
      { hop: 'source', subject: 'dbo.stage_right', matches: null },
      { hop: 'stage', subject: 'stage', matches: false },
      { hop: 'transformed', subject: 'dbo.stage_left', matches: true },
      { hop: 'transformed', subject: 'dbo.stage_right', matches: true },
      { hop: 'transformed', subject: 'stage', matches: null },
    ]);
    await expectMended('stage');
  }, 120_000);

  it('a row on its way into the new target: nothing is swapped, and the live table is not dropped', async () => {
    joinCategory(estate, 'target', options);
    await estate.run({ category: 'target' });
    const source = await estate.source('server01', 'One');
    await source.request().query(`UPDATE dbo.target_left SET dropped = 47 WHERE id = 'a'`);
    await estate.postgres.query(`
      CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := NULL; RETURN NEW; END';
      CREATE FUNCTION spoil_target() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'mart.target_new') THEN
          CREATE TRIGGER spoil BEFORE INSERT ON mart.target_new FOR EACH ROW EXECUTE FUNCTION public.spoil();
        END IF; END $$;
      CREATE EVENT TRIGGER spoil_target ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION spoil_target()`);
    try {
      const failure = await estate.fail({ category: 'target', jobMode: 'restart' });
      expect(failure.type).toBe('CHECKSUM_TARGET');
      expect(await rowsOf(estate, 'mart.target')).toEqual(whole);
    } finally {
      await estate.postgres.query('DROP EVENT TRIGGER spoil_target');
    }
    await estate.run({ category: 'target' });
    expect(await rowsOf(estate, 'mart.target')).toContain(
      '["a","2025-01-01T08:00:00","first",1.5,47,"a",11]',
    );
  }, 120_000);
});
