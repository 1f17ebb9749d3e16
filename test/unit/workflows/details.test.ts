import type { RunProgress } from '../../../activities/contract.js';
import { detailsOf } from '../../../workflows/category/details.js';
import { RateMeter } from '../../../workflows/category/rate.js';
import type { CategoryStatus } from '../../../workflows/messages.js';

const none = { chunks: 0, rows: 0, bytes: 0 };
const steps = { export: { chunks: 3, rows: 300, bytes: 9 }, transform: none, import: none, checksum: none };
const counts = { planned: 10, done: 3, parked: 1, skipped: 0 };
const status: CategoryStatus = {
  category: 'cell_perf_stats',
  runId: 'r',
  phase: 'COPYING',
  pauses: [],
  servers: [
    { server: 'server01', limit: 8, now: 3, cause: 'active requests: 57 | above 40', chunks: counts, steps },
  ],
  chunks: counts,
  rowsPlanned: 1_000,
  rowsLeftOut: 0,
  steps,
  databases: { running: 2, left: 2 },
  parked: [{ chunk: 't/server01/A/20250101', code: 'JOIN_FANOUT', message: 'many\nlines' }],
  slow: [{ chunk: 't/server01/A/20250102', seconds: 7_200, medianSeconds: 60 }],
  warnings: ['retry: nonsense'],
};

describe('the details in the Web UI', () => {
  it('show each server with its limit, and why it is lowered, in one line of a table', () => {
    expect(detailsOf(status)).toContain(
      '| server01 | 3 of 8 | 3 of 10 | 300 | 0 | 0 | 0 | active requests: 57 \\| above 40 |',
    );
  });

  it('show a parked chunk with its cause and the command to retry it', () => {
    expect(detailsOf(status)).toContain(
      '| t/server01/A/20250101 | JOIN_FANOUT | many lines | `migrate retry cell_perf_stats t/server01/A/20250101` |',
    );
  });

  it('show a slow chunk with the command that splits it', () => {
    expect(detailsOf(status)).toContain(
      '| t/server01/A/20250102 | 2.0 h | 60 s | `migrate retry cell_perf_stats t/server01/A/20250102 --parts 4` |',
    );
  });

  it('show how far tables are read that are read once for all windows', () => {
    const scans = { ranges: 40, read: 12, rows: 6_000 };
    expect(detailsOf({ ...status, scans })).toContain('12 of 40 ranges, 6000 rows');
    expect(detailsOf(status)).not.toContain('ranges');
  });

  it('say who paused what, and how to go on', () => {
    const paused = detailsOf({
      ...status,
      pauses: [
        { mode: 'drain', scope: { server: 'server01' }, by: 'operator' },
        { mode: 'now', scope: {}, by: 'hours' },
      ],
    });
    expect(paused).toContain('- paused (drain): server server01\n- paused (now): all, by hours');
    expect(paused).toContain('`migrate resume cell_perf_stats`');
  });
});

describe('the rate of a run', () => {
  const progress = (done: number, rows: number): RunProgress => ({
    chunks: { planned: 100, done, parked: 0, skipped: 0 },
    rowsPlanned: 10_000,
    rowsDone: done * 100,
    servers: [{ server: 's', chunks: counts, steps: { ...steps, export: { chunks: done, rows, bytes: 0 } } }],
    parked: [],
    slow: [],
  });

  it('is unknown before two measurements, and tells rows, chunks and the time to go', () => {
    const meter = new RateMeter();
    meter.add(progress(0, 0), 0);
    expect(meter.rate).toBeUndefined();
    meter.add(progress(10, 1_000), 10_000);
    expect(meter.rate).toEqual({ rowsPerSecond: 100, chunksPerSecond: 1 });
    expect(meter.eta(progress(10, 1_000))).toBe(90);
  });

  it('forgets what is older than some minutes, so that a pause shows and does not last', () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 60; second += 10)
      meter.add(progress(second / 10, second * 10), second * 1_000);
    meter.add(progress(6, 600), 1_000_000);
    expect(meter.rate?.rowsPerSecond).toBe(0);
    expect(meter.eta(progress(6, 600))).toBeUndefined();
  });

  it('reckons by chunks where no rows are left', () => {
    const meter = new RateMeter();
    meter.add({ ...progress(0, 0), rowsPlanned: 0, rowsDone: 0 }, 0);
    meter.add({ ...progress(50, 0), rowsPlanned: 0, rowsDone: 0 }, 10_000);
    expect(meter.eta({ ...progress(50, 0), rowsPlanned: 0, rowsDone: 0 })).toBe(10);
  });
});
