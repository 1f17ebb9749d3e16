import { columns } from '../../../cli/output/columns';
import { counted, duration, percent, rate, size } from '../../../cli/output/quantities';
import { endLines, runLines } from '../../../cli/output/run-lines';
import { attentionLines, chunkLine, holdLines, limitText, rateLine } from '../../../cli/output/status-lines';
import { categoryStatus } from '../../support/category-status';

test('quantities read well at every size', () => {
  expect([0, 59.4, 60, 3_599, 7_260, 100_000].map(duration)).toEqual([
    ...['0 s', '59 s', '1 min', '59 min 59 s', '2 h 1 min', '1 d 3 h'],
  ]);
  expect([0, 999, 999_960, 1_234_567_890].map(size)).toEqual(['0 B', '999 B', '1.0 MB', '1.2 GB']);
  expect([counted(1, 'row'), counted(1_234, 'row')]).toEqual(['1 row', '1,234 rows']);
  expect([rate(0.25), rate(25_000.4)]).toEqual(['0.3', '25,000']);
});

test('nothing is told to be whole before it is', () => {
  expect([percent(999_999, 1_000_000), percent(5, 5), percent(0, 0)]).toEqual([99, 100, 0]);
});

test('columns are as wide as their widest cell, with numbers to the right', () => {
  expect(
    columns(
      [
        ['a', '1', 'x'],
        ['bcd', '200', ''],
      ],
      [1],
    ),
  ).toEqual(['a      1  x', 'bcd  200']);
});

test('progress names what is parked and skipped only where something is', () => {
  expect(chunkLine(categoryStatus())).toBe('4 of 12 chunks done (33 %)');
  const chunks = { planned: 12, done: 8, parked: 1, skipped: 2 };
  expect(chunkLine(categoryStatus({ chunks }))).toBe('8 of 12 chunks done (83 %), 1 parked, 2 skipped');
});

test('tables that are read once for all windows are told by their ranges', () => {
  const scans = { ranges: 40, read: 12, rows: 60_000_000 };
  expect(rateLine(categoryStatus({ scans }))).toBe('12 of 40 ranges read, 60,000,000 rows');
});

test('a rate that is not known yet is left out', () => {
  expect(rateLine(categoryStatus())).toBe('');
  const status = categoryStatus({ rowsPerSecond: 250_000, chunksPerSecond: 2.5, etaSeconds: 750 });
  expect(rateLine(status)).toBe('250,000 rows/s, 2.5 chunks/s, 12 min 30 s left');
});

test('whoever holds the run is named, with what it holds and how', () => {
  const status = categoryStatus({
    stopping: 'now',
    total: 1,
    pauses: [
      { mode: 'drain', scope: {}, by: 'hours' },
      { mode: 'now', scope: { server: 'server01', target: 't' }, by: 'operator' },
    ],
  });
  expect(holdLines(status)).toEqual([
    'Stopping: running steps are cancelled and done again later.',
    'Paused: everything, by the allowed hours; running steps finish.',
    'Paused: server server01, target t, by operator; running steps are cancelled and done again later.',
    'Limit: 1 chunk at a time on all servers together.',
  ]);
});

test('a limit that the guard has lowered tells its cause', () => {
  const [server] = categoryStatus().servers;
  if (server === undefined) throw new Error('no server');
  expect(limitText(server)).toBe('4 sessions');
  expect(limitText({ ...server, now: 1, cause: 'active_requests 91 > 80' })).toBe(
    '1 of 4 sessions (active_requests 91 > 80)',
  );
});

test('what needs somebody comes with the command that helps', () => {
  const status = categoryStatus({
    chunks: { planned: 12, done: 4, parked: 3, skipped: 0 },
    parked: [{ chunk: "t/s/Bob's/20250101", code: 'CHECKSUM_STAGE', message: 'differs' }],
    slow: [{ chunk: 't/s/A/20250102', seconds: 300, medianSeconds: 10 }],
    warnings: ['retry: no such chunk'],
  });
  expect(attentionLines(status)).toEqual([
    'Parked',
    "  t/s/Bob's/20250101  CHECKSUM_STAGE: differs",
    "    migrate retry cat 't/s/Bob'\\''s/20250101'",
    '  and 2 more: migrate chunks cat --parked',
    'Slow',
    '  t/s/A/20250102  5 min, where others take 10 s',
    '    migrate retry cat t/s/A/20250102 --parts 4',
    'Warnings',
    '  retry: no such chunk',
  ]);
});

const run = { category: 'cat', runId: 'run-1', startedAt: '2025-01-01T10:00:00.000Z' };

test('a run without a worker says what it waits for', () => {
  expect(runLines({ ...run, state: 'RUNNING' }).join('\n')).toContain('waits for one (npm run worker)');
});

test('an end tells how long it took, why it came, and how to go on', () => {
  const failure = { code: 'CHUNKS_NEED_ATTENTION', message: '2 chunks need attention' };
  expect(endLines({ ...run, state: 'FAILED', endedAt: '2025-01-01T12:00:00.000Z', failure })).toEqual([
    'cat  FAILED after 2 h, at 2025-01-01T12:00:00.000Z (run run-1)',
    'CHUNKS_NEED_ATTENTION: 2 chunks need attention',
    'Go on with: migrate start cat',
  ]);
});
