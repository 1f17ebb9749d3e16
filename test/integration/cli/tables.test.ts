import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTarget, type Target } from '../../../engine/postgres/connection';
import { finishRun, insertRun } from '../../../engine/postgres/control/runs';
import { applyControlSchema } from '../../../engine/postgres/control/schema';
import { migrate } from '../../support/cli';
import { startPostgres, type TestPostgres } from '../../support/postgres';

/** 2,500 chunks of two databases: every 10th parked, every 25th of the rest skipped, half of the rest done. */
const planSql = `
  INSERT INTO migration_control.chunk
    (category, target, stage_schema, server, database, window_label, ordinal, run_id, state, fingerprint,
     rows_planned, cause_code, cause_message)
  SELECT 'cat', 't', 'stage', 'server01', CASE WHEN n <= 1500 THEN 'A' ELSE 'B/1' END, 'w' || n, n, $1,
         state, 'f', '{"dbo.x": 7, "dbo.y": 3}',
         CASE WHEN state IN ('NEEDS_ATTENTION', 'SKIPPED') THEN CASE WHEN n < 100 THEN 'JOIN_FANOUT' ELSE 'CHECKSUM_STAGE' END END,
         CASE WHEN state IN ('NEEDS_ATTENTION', 'SKIPPED') THEN 'cause of ' || n END
    FROM generate_series(1, 2500) AS n,
         LATERAL (SELECT CASE WHEN n % 10 = 0 THEN 'NEEDS_ATTENTION' WHEN n % 25 = 5 THEN 'SKIPPED'
                              WHEN n % 2 = 0 THEN 'DONE' ELSE 'PENDING' END AS state) AS s`;

describe('what the command line reads of the control tables', () => {
  let postgres: TestPostgres;
  let target: Target;
  let directory: string;
  const before = process.cwd();
  beforeAll(async () => {
    postgres = await startPostgres();
    const { host, port, database, user, password } = postgres.endpoint;
    Object.assign(process.env, {
      ...{ RDS_ENDPOINT: `${host}:${port}`, RDS_USER: user, RDS_PASSWORD: password, RDS_DATABASE: database },
      ...{ RDS_TLS: 'off' },
    });
    delete process.env.RDS_CA_FILE;
    target = createTarget(postgres.endpoint);
    directory = mkdtempSync(join(tmpdir(), 'tables-'));
    // No settings but these: a sandbox may have left its own where the tests run.
    process.chdir(directory);
  }, 60_000);
  afterAll(async () => {
    await target.close();
    await postgres.stop();
    process.chdir(before);
    rmSync(directory, { recursive: true, force: true });
  });

  const documents = async (...args: readonly string[]): Promise<Record<string, unknown>[]> => {
    const { code, out } = await migrate([...args, '--json']);
    expect(code).toBe(0);
    return out
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  it('says so where nothing was ever migrated, and where only others were', async () => {
    const before = await migrate(['chunks', 'cat']);
    expect(before.code).toBe(6);
    expect(before.err).toContain('has no run of cat: start one with: migrate start cat');
    await applyControlSchema(target);
    expect((await migrate(['report', 'cat'])).code).toBe(6);
    await insertRun(target, { runId: 'old', category: 'cat', jobMode: 'resume', config: {} });
    await target.query(`UPDATE migration_control.run SET started_at = started_at - interval '1 day'`);
    await insertRun(target, { runId: 'r1', category: 'cat', jobMode: 'resume', config: {} });
    await target.query(planSql, ['r1']);
    await target.query(`
      INSERT INTO migration_control.ledger
        (chunk_id, target, stage_schema, fingerprint, attempt, rows, checksum_sum, bytes)
      SELECT chunk_id, target, stage_schema, 'f', 'a', 10, repeat('0', 16), 1
        FROM migration_control.chunk WHERE state = 'DONE'`);
    await target.query(`
      INSERT INTO migration_control.step (run_id, chunk_id, server, step, rows, bytes, seconds, reused, finished_at)
      SELECT 'r1', chunk_id, server, s, 10, 1, 1, false, now() + at * interval '1 second'
        FROM migration_control.chunk, unnest(ARRAY['export', 'transform', 'import']) WITH ORDINALITY AS u (s, at)
       WHERE window_label = 'w2'`);
  });

  it('lists every chunk once, in the order of the plan, over all pages', async () => {
    const all = await documents('chunks', 'cat', '--limit', 'all');
    expect(all.map(({ chunk }) => chunk)).toEqual(
      Array.from({ length: 2_500 }, (_, at) => `t/server01/${at < 1_500 ? 'A' : 'B/1'}/w${at + 1}`),
    );
    expect(all[1]).toEqual({
      ...{ chunk: 't/server01/A/w2', state: 'DONE', rowsPlanned: 10, rowsImported: 10 },
      ...{ steps: ['export', 'transform', 'import'], updatedAt: expect.stringMatching(/^20.*Z$/) },
    });
  });

  it.each([
    [['--parked'], 250],
    [['--skipped'], 50],
    [['--done'], 1_000],
    [['--pending'], 1_200],
    [['--parked', '--skipped'], 300],
    [['--all'], 2_500],
    [['--parked', '--code', 'JOIN_FANOUT'], 9],
    [['--parked', '--database', 'B/1'], 100],
    [['--all', '--server', 'server02'], 0],
    [['--all', '--run', 'old'], 0],
  ])('%j lists %i chunks', async (options, count) => {
    expect(await documents('chunks', 'cat', ...options, '--limit', 'all')).toHaveLength(count);
  });

  it('goes on after the chunk that a list ended with, without a gap or a chunk twice', async () => {
    const first = await migrate(['chunks', 'cat', '--parked', '--limit', '145', '--json']);
    const after = /--after (\S+),/.exec(first.err)?.[1] ?? '';
    expect(after).toBe('t/server01/A/w1450');
    const rest = await documents('chunks', 'cat', '--parked', '--after', after, '--limit', 'all');
    expect(rest).toHaveLength(105);
    expect(rest[0]).toMatchObject({ chunk: 't/server01/A/w1460' });
    const whole = await migrate(['chunks', 'cat', '--parked', '--limit', '250']);
    expect(whole.err).toBe('');
    expect((await migrate(['chunks', 'cat', '--after', 't/server01/A/w9999'])).code).toBe(6);
  });

  it('prints aligned lines with the cause for people', async () => {
    const { out } = await migrate(['chunks', 'cat', '--parked', '--limit', '2']);
    expect(out).toBe(
      [
        'NEEDS_ATTENTION  t/server01/A/w10  10 planned      JOIN_FANOUT: cause of 10\n',
        'NEEDS_ATTENTION  t/server01/A/w20  10 planned      JOIN_FANOUT: cause of 20\n',
      ].join(''),
    );
  });

  it('explains a list by the statement that makes it', async () => {
    const { out } = await migrate([
      'chunks',
      'cat',
      '--parked',
      '--database',
      'B/1',
      '--limit',
      '70',
      '--explain',
    ]);
    const statement = /-c '(.+)'$/s.exec(out.trimEnd())?.[1]?.replaceAll("'\\''", "'") ?? '';
    const { rows } = await target.query<{ window_label: string }>(statement);
    const listed = await documents('chunks', 'cat', '--parked', '--database', 'B/1', '--limit', '70');
    expect(rows.map(({ window_label }) => `t/server01/B/1/${window_label}`)).toEqual(
      listed.map(({ chunk }) => chunk),
    );
    expect(rows).toHaveLength(70);
  });

  it('tells the totals of a run that goes on, and that its report is still to come', async () => {
    const { code, out } = await migrate(['report', 'cat']);
    expect(code).toBe(0);
    expect(out).toContain('cat  RUNNING  resume  run r1');
    expect(out).toContain(
      '10,000 rows in the stage; 2,500 chunks: 1,000 done, 250 parked, 50 skipped, 1,200 not done',
    );
    expect(out).toContain('No report yet');
    const document = await migrate(['report', 'cat', '--json']);
    expect(document).toMatchObject({ code: 6, out: '' });
    expect(document.err).toContain('it is written when a run ends');
  });

  it('prints the report itself, as it is, from wherever the run put it', async () => {
    const key = 'report/cat/r1/report.json';
    mkdirSync(join(directory, 'stats', 'report/cat/r1'), { recursive: true });
    const text = `${JSON.stringify({ category: 'cat', chunks: Array.from({ length: 20_000 }, (_, n) => ({ n })) })}\n`;
    writeFileSync(join(directory, 'stats', key), text);
    const report = `${pathToFileURL(join(directory, 'stats'))}/${key}`;
    await finishRun(target, 'r1', { state: 'COMPLETED', report });
    expect(await migrate(['report', 'cat', '--json'])).toEqual({ code: 0, out: text, err: '' });
    expect((await migrate(['report', 'cat'])).out).toContain(`Report: ${report}`);
    rmSync(join(directory, 'stats'), { recursive: true });
    expect((await migrate(['report', 'cat', '--json'])).code).toBe(5);
  });

  it('says what of the environment it needs, and where the target does not answer, without a secret', async () => {
    const { RDS_PASSWORD } = process.env;
    process.env.RDS_PASSWORD = 'not-the-password';
    const refused = await migrate(['chunks', 'cat']);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(refused.err).toContain('TARGET_LOGIN');
    expect(refused.err).not.toContain('not-the-password');
    delete process.env.RDS_PASSWORD;
    const missing = await migrate(['chunks', 'cat']);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.err).toContain('RDS_PASSWORD is not set');
    process.env.RDS_PASSWORD = RDS_PASSWORD;
  });
});
