import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChunkRef } from '../../../activities/contract.js';
import { type Estate, startEstate } from '../../support/estate.js';
import { joinCategory, joinTables, serverOf } from './small-category.js';
import { rowsOf, type Steering, states, steeredRun } from './steered-run.js';

const options = { databases: { server01: ['One'] }, attentionWait: 60 };
const times = ['2025-01-01 08:00', ...[1, 7, 13, 19].map((hour) => `2025-01-02 ${two(hour)}:00`)];
const left = times.map((at, n) => `('row${n}', '${at}', 'note', ${n}, ${n})`);
/** The row of 13:00 has two matches, which parks whatever chunk it lies in. */
const doubled = [`('row3', '2025-01-02 13:00', 8)`, `('row3', '2025-01-02 13:00', 9)`];
const quarters = [
  '20250102T000000-20250102T060000',
  '20250102T060000-20250102T120000',
  '20250102T120000-20250102T180000',
  '20250102T180000-20250103T000000',
];
const day = 'divided/server01/One/20250102';

function two(hour: number): string {
  return String(hour).padStart(2, '0');
}

function joined(n: number, right: 'null,null' | '"row3",8' = 'null,null'): string {
  return `["row${n}","${times[n]?.replace(' ', 'T')}:00","note",${n},${n},${right}]`;
}

describe('a chunk that is retried in parts', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: { server01: serverOf('server01', joinTables('divided', left, doubled)) },
    });
    joinCategory(estate, 'divided', options);
  }, 180_000);
  afterAll(() => estate?.stop());

  /** Nothing as long as the run has not made the control tables. */
  const chunkStates = async (): Promise<readonly string[]> => {
    const { rows } = await estate.postgres.query(`SELECT to_regclass('migration_control.chunk') AS oid`);
    return rows[0].oid === null ? [] : states(estate, 'divided');
  };
  const until = async (wanted: string): Promise<void> => {
    const deadline = Date.now() + 80_000;
    while (!(await chunkStates()).includes(wanted)) {
      if (Date.now() > deadline) throw new Error(`'${wanted}' is not among ${await chunkStates()}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  /** Window labels of what the last run exported itself. */
  const exported = async (): Promise<readonly string[]> => {
    const { rows } = await estate.postgres.query<{ label: string }>(
      `SELECT window_label AS label FROM migration_control.step s JOIN migration_control.chunk USING (chunk_id)
        WHERE step = 'export' AND s.run_id = (SELECT run_id FROM migration_control.run
                WHERE category = 'divided' ORDER BY started_at DESC LIMIT 1) ORDER BY 1`,
    );
    return rows.map(({ label }) => label);
  };

  it('parks the one part that holds the cause, and completes without it once it is skipped', async () => {
    const during: Steering['during'] = async (handle) => {
      await until('One/20250102 NEEDS_ATTENTION JOIN_FANOUT');
      await handle.signal('retry', { chunk: day, parts: 4 });
      await handle.signal('retry', { chunk: day, parts: 4 });
      await until(`One/${quarters[2]} NEEDS_ATTENTION JOIN_FANOUT`);
      const part = `divided/server01/One/${quarters[2]}`;
      await handle.signal('skip', { chunk: part, reason: 'agreed with the owner' });
    };
    const { summary } = await steeredRun(estate, { category: 'divided' }, { during });
    expect(summary).toMatchObject({ chunksDone: 5, chunksParked: 0, chunksSkipped: 1, rows: 4 });
    expect(await chunkStates()).toEqual([
      'One/20250101 DONE',
      'One/20250102 SPLIT',
      'One/20250103 DONE',
      ...quarters.map((label, n) => `One/${label} ${n === 2 ? 'SKIPPED JOIN_FANOUT' : 'DONE'}`),
    ]);
    const rest = [0, 1, 2, 4].map((n) => joined(n));
    expect(await rowsOf(estate, 'stage.divided')).toEqual(rest);
    expect(await rowsOf(estate, 'mart.divided')).toEqual(rest);
    const report = JSON.parse(readFileSync(fileURLToPath(summary?.report ?? ''), 'utf8'));
    expect(report.chunks).toHaveLength(6);
    expect(report.chunks).toContainEqual(
      expect.objectContaining({
        chunk: `divided/server01/One/${quarters[2]}`,
        state: 'SKIPPED',
        cause: {
          code: 'JOIN_FANOUT',
          message: expect.stringMatching(/^agreed with the owner \(parked: /),
        },
      }),
    );
  }, 180_000);

  it('stays in parts: the next run brings the skipped one alone, and the run after that nothing', async () => {
    await (await estate.source('server01', 'One'))
      .request()
      .query(`DELETE FROM dbo.divided_right WHERE quality = 9`);
    expect(await estate.run({ category: 'divided' })).toMatchObject({ chunksDone: 6, rows: 5 });
    expect(await exported()).toEqual([quarters[2]]);
    const all = [joined(0), joined(1), joined(2), joined(3, '"row3",8'), joined(4)];
    expect(await rowsOf(estate, 'mart.divided')).toEqual(all);
    expect(await estate.run({ category: 'divided' })).toMatchObject({ chunksDone: 6, rows: 5 });
    expect(await exported()).toEqual([]);
    expect(await rowsOf(estate, 'mart.divided')).toEqual(all);
  }, 180_000);

  it('is whole again in a restart', async () => {
    expect(await estate.run({ category: 'divided', jobMode: 'restart' })).toMatchObject({
      chunksDone: 3,
      rows: 5,
    });
    expect(await exported()).toEqual(['20250101', '20250102', '20250103']);
    expect(await rowsOf(estate, 'mart.divided')).toHaveLength(5);
  }, 180_000);

  it('counts nothing that an attempt at work on the whole still brings', async () => {
    let atWork = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      atWork = resolve;
    });
    const held: Steering['activities'] = (own) => ({
      exportChunk: async (ref: ChunkRef) => {
        const { rows } = await estate.postgres.query(
          `SELECT window_label = '20250102' AS whole FROM migration_control.chunk WHERE chunk_id = $1`,
          [ref.chunkId],
        );
        if (!rows[0].whole) return own.exportChunk(ref);
        atWork();
        await until('One/20250102 SPLIT');
        return own.exportChunk(ref);
      },
    });
    const { summary } = await steeredRun(
      estate,
      { category: 'divided', jobMode: 'restart' },
      {
        activities: held,
        during: async (handle) => {
          await begun;
          await handle.signal('retry', { chunk: day, parts: 2 });
        },
      },
    );
    expect(summary).toMatchObject({ chunksDone: 4, chunksParked: 0, rows: 5 });
    expect(await exported()).toEqual([
      '20250101',
      '20250102T000000-20250102T120000',
      '20250102T120000-20250103T000000',
      '20250103',
    ]);
    expect(await rowsOf(estate, 'mart.divided')).toHaveLength(5);
  }, 180_000);
});
