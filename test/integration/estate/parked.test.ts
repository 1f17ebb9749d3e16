import { type Estate, startEstate } from '../../support/estate.js';
import { joinCategory, joinTables, serverOf } from './small-category.js';
import { rowsOf, type Steering, states, steeredRun } from './steered-run.js';

const options = { databases: { server01: ['One'] }, attentionWait: 60 };
const left = [
  `('a', '2025-01-01 08:00', 'first', 1.5, 1)`,
  `('b', '2025-01-02 08:00', 'second', 2.5, 2)`,
  `('c', '2025-01-03 08:00', NULL, NULL, NULL)`,
];
const day1 = '["a","2025-01-01T08:00:00","first",1.5,1,null,null]';
const day2 = '["b","2025-01-02T08:00:00","second",2.5,2,null,null]';
const day3 = '["c","2025-01-03T08:00:00",null,null,null,null,null]';
const doubled = [`('b', '2025-01-02 08:00', 8)`, `('b', '2025-01-02 08:00', 9)`];
/** Matches nothing, so that it doubles nothing. */
const unmatched = { ...options, tail: 'AND l.dropped = r.quality' };

describe('a parked chunk', () => {
  let estate: Estate;
  beforeAll(async () => {
    estate = await startEstate({
      servers: {
        server01: serverOf('server01', [
          ...joinTables('retried', left, doubled),
          ...joinTables('skipped', left, doubled),
        ]),
      },
    });
  }, 120_000);
  afterAll(() => estate?.stop());

  const source = async (statement: string): Promise<void> => {
    await (await estate.source('server01', 'One')).request().query(statement);
  };

  /** Waits until the run waits for an operator, then does what one would. */
  const attended = (act: Required<Steering>['during']): Steering => ({
    during: async (handle) => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const { phase } = await handle.query<{ readonly phase: string }, []>('status');
        if (phase === 'NEEDS_ATTENTION') break;
        if (Date.now() > deadline) throw new Error(`The run is in phase ${phase}.`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await act(handle);
    },
  });

  it('that is retried reads its source again, and the run completes', async () => {
    joinCategory(estate, 'retried', options);
    const { summary } = await steeredRun(
      estate,
      { category: 'retried' },
      attended(async (handle) => {
        expect(await states(estate, 'retried')).toContain('One/20250102 NEEDS_ATTENTION JOIN_FANOUT');
        await source(`DELETE FROM dbo.retried_right WHERE device = 'b'`);
        await handle.signal('retry', { chunk: 'retried/server01/One/20250102' });
      }),
    );
    expect(summary).toMatchObject({ chunksDone: 3, chunksParked: 0, chunksSkipped: 0 });
    expect(await rowsOf(estate, 'mart.retried')).toEqual([day1, day2, day3]);
  }, 60_000);

  it('that is skipped leaves no rows of an earlier run in stage and target, and the reason is kept', async () => {
    joinCategory(estate, 'skipped', unmatched);
    await estate.run({ category: 'skipped' });
    expect(await rowsOf(estate, 'mart.skipped')).toEqual([day1, day2, day3]);
    joinCategory(estate, 'skipped', options);
    const { summary } = await steeredRun(
      estate,
      { category: 'skipped' },
      attended(async (handle) => {
        expect(await states(estate, 'skipped')).toContain('One/20250102 NEEDS_ATTENTION JOIN_FANOUT');
        await handle.signal('skip', { chunk: 'skipped/server01/One/20250109', reason: 'no such chunk' });
        await handle.signal('skip', {
          chunk: 'skipped/server01/One/20250102',
          reason: 'agreed with the owner',
        });
      }),
    );
    expect(summary).toMatchObject({ chunksDone: 2, chunksParked: 0, chunksSkipped: 1, rows: 2 });
    expect(await rowsOf(estate, 'stage.skipped')).toEqual([day1, day3]);
    expect(await rowsOf(estate, 'mart.skipped')).toEqual([day1, day3]);
    const { rows } = await estate.postgres.query(
      `SELECT cause_message FROM migration_control.chunk WHERE category = 'skipped' AND state = 'SKIPPED'`,
    );
    expect(rows).toEqual([{ cause_message: expect.stringMatching(/^agreed with the owner \(parked: /) }]);
  }, 60_000);

  it('that was skipped is migrated by the next run once its cause is mended', async () => {
    joinCategory(estate, 'skipped', unmatched);
    expect(await estate.run({ category: 'skipped' })).toMatchObject({ chunksDone: 3, chunksSkipped: 0 });
    expect(await rowsOf(estate, 'mart.skipped')).toEqual([day1, day2, day3]);
  }, 60_000);
});
