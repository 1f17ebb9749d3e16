import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { digest, joinedRows, targetRows } from '../../support/independent-join.js';

describe('the founding case', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({ servers: foundingStyles(300) });
  }, 120_000);
  afterAll(() => estate?.stop());

  const places = [
    ['server01', 'DatabaseA'],
    ['server01', 'DatabaseB'],
    ['server02', 'DatabaseA'],
    ['server02', 'DatabaseB'],
  ] as const;
  const expected = async (): Promise<readonly string[]> =>
    joinedRows(await Promise.all(places.map(([server, database]) => estate.source(server, database))));
  const steps = async (): Promise<readonly { step: string; done: number; reused: number }[]> => {
    const { rows } = await estate.postgres.query(
      `SELECT step, count(*) FILTER (WHERE NOT reused)::int AS done, count(*) FILTER (WHERE reused)::int AS reused
         FROM migration_control.step WHERE run_id = (SELECT run_id FROM migration_control.run ORDER BY started_at DESC LIMIT 1)
        GROUP BY step ORDER BY step`,
    );
    return rows;
  };

  it('ends with a target that equals the join computed by another route', async () => {
    const summary = await estate.run();
    expect(summary).toMatchObject({ chunksDone: 40, chunksParked: 0, chunksSkipped: 0 });
    const rows = await expected();
    expect(rows.length).toBeGreaterThan(900);
    expect(digest(await targetRows(estate.postgres))).toBe(digest(rows));
  }, 120_000);

  it('keeps a checksum of every hop of every chunk, all equal', async () => {
    const { rows } = await estate.postgres.query(
      `SELECT hop, count(*)::int AS n, bool_and(coalesce(matches, true)) AS equal FROM migration_control.checksum GROUP BY hop`,
    );
    expect(rows).toHaveLength(4);
    for (const { n, equal } of rows) {
      expect(equal).toBe(true);
      expect(n).toBeGreaterThanOrEqual(40);
    }
  });

  it('writes the report and the statistics of every step', async () => {
    const { rows } = await estate.postgres.query(`SELECT report FROM migration_control.run`);
    const report = JSON.parse(readFileSync(fileURLToPath(rows[0].report), 'utf8'));
    expect(report).toMatchObject({
      state: 'COMPLETED',
      totals: { chunksDone: 40 },
      targets: [{ target: 'cell_perf_stats' }],
    });
    expect(report.chunks).toHaveLength(40);
    expect(report.chunks[0].checksums.length).toBeGreaterThanOrEqual(6);
    expect(JSON.stringify(report)).not.toContain('not-a-secret-of-anyone');
  });

  it('gives the same table through the founding procedure', async () => {
    await estate.postgres.query('CREATE SCHEMA mart2');
    await estate.postgres.query(`CALL stage.stage_ctas_null_upd_cell_perf_stats('mart2', 'cell_perf_stats')`);
    const called = await targetRows(estate.postgres, 'mart2.cell_perf_stats');
    expect(digest(called)).toBe(digest(await expected()));
  });

  it('reads and writes nothing again in resume', async () => {
    await estate.run();
    expect(await steps()).toEqual([]);
    expect(digest(await targetRows(estate.postgres))).toBe(digest(await expected()));
  }, 60_000);

  it('moves only the day of a changed row when that day is restarted', async () => {
    const source = await estate.source('server01', 'DatabaseB');
    await source
      .request()
      .query(
        `UPDATE dbo.cell_performance_data SET dropped_calls_total = 4711 WHERE cell_id IN (SELECT TOP 1 cell_id FROM dbo.cell_performance_data WHERE data_timestamp >= '2025-01-05' AND data_timestamp < '2025-01-06') AND data_timestamp >= '2025-01-05' AND data_timestamp < '2025-01-06'`,
      );
    await estate.run({ jobMode: 'restart', inputPartition: '20250105' });
    expect(await steps()).toEqual(
      ['checksum', 'export', 'import', 'transform'].map((step) => ({ step, done: 4, reused: 0 })),
    );
    const rows = await targetRows(estate.postgres);
    expect(rows.filter((row) => row.includes(',4711,'))).not.toHaveLength(0);
    expect(digest(rows)).toBe(digest(await expected()));
  }, 60_000);

  it.each([
    ['a month', '202501'],
    ['everything', undefined],
  ])(
    'restarts %s with the same result',
    async (_, inputPartition) => {
      await estate.run({ jobMode: 'restart', ...(inputPartition && { inputPartition }) });
      expect((await steps()).find(({ step }) => step === 'import')).toEqual({
        step: 'import',
        done: 40,
        reused: 0,
      });
      expect(digest(await targetRows(estate.postgres))).toBe(digest(await expected()));
    },
    120_000,
  );
});
