import { PassThrough } from 'node:stream';
import { createLiveView } from '../../../cli/output/live-view';
import { createPlainView } from '../../../cli/output/plain-view';
import { viewRows } from '../../../cli/output/view-rows';
import type { RunView } from '../../../cli/run';
import { categoryStatus } from '../../support/category-status';

const view = (changes: Parameters<typeof categoryStatus>[0] = {}): RunView => ({
  ...{ category: 'cat', runId: 'run-1', state: 'RUNNING', startedAt: new Date().toISOString() },
  status: categoryStatus(changes),
});
const counts = (planned: number, done: number) => ({ planned, done, parked: 0, skipped: 0 });
const manyServers = Array.from({ length: 64 }, (_, at) => ({
  ...{ server: `server${at}`, limit: 4, now: 4, steps: categoryStatus().steps },
  chunks: at < 40 ? counts(10, 10) : counts(10, 3),
}));

describe('rows of the live view', () => {
  test('a bar over all and one for each server, with what is done of what is planned', () => {
    const bars = viewRows(view(), 30).filter(({ total }) => total !== undefined);
    expect(bars).toEqual([
      { label: 'all     ', done: 4, total: 12, text: ' 33 %  4/12 chunks' },
      { label: 'server01', done: 2, total: 6, text: ' 33 %  2/6 chunks  4 sessions' },
      { label: 'server02', done: 2, total: 6, text: ' 33 %  2/6 chunks  4 sessions' },
    ]);
  });

  test('a skipped chunk moves its bar on, as nothing more will come of it', () => {
    const [all] = viewRows(view({ chunks: { planned: 12, done: 4, parked: 1, skipped: 2 } }), 30).slice(1);
    expect(all).toMatchObject({ done: 6, text: ' 50 %  6/12 chunks  1 parked' });
  });

  test.each([5, 10, 24, 80])('%i lines are never exceeded, whatever there is to show', (height) => {
    const parked = Array.from({ length: 10 }, (_, at) => ({ chunk: `t/s/A/${at}`, code: 'X', message: 'y' }));
    expect(
      viewRows(view({ servers: manyServers, parked, warnings: ['w'] }), height).length,
    ).toBeLessThanOrEqual(height);
  });

  test('where servers are many, those that still copy are shown, and the rest is counted', () => {
    const labels = viewRows(view({ servers: manyServers }), 24).map(
      ({ label, text }) => label?.trim() ?? text,
    );
    expect(labels).toContain('server40');
    expect(labels).not.toContain('server0');
    expect(labels.find((text) => text.startsWith('…'))).toMatch(
      /^… and \d+ servers more: migrate status cat$/,
    );
  });

  test('a message with line breaks stays one line', () => {
    const rows = viewRows(view({ warnings: ['first\n  second\r\nthird'] }), 30);
    expect(rows.map(({ text }) => text)).toContain('  first second third');
  });
});

describe('plain lines', () => {
  function plain(): { readonly lines: string[]; readonly viewer: ReturnType<typeof createPlainView> } {
    const lines: string[] = [];
    return { lines, viewer: createPlainView((line) => lines.push(line)) };
  }
  const parked = [{ chunk: 't/s/A/1', code: 'X', message: 'y' }];

  test('every look is a line; what needs somebody is told once, and again when it comes back', () => {
    const { lines, viewer } = plain();
    viewer.show(view({ parked }));
    viewer.show(view({ parked }));
    expect(lines.filter((line) => line.includes('X: y'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('COPYING  4 of 12'))).toHaveLength(2);
    viewer.show(view());
    viewer.show(view({ parked }));
    expect(lines.filter((line) => line.includes('X: y'))).toHaveLength(2);
  });

  test('a limit that the guard lowered is told with its cause', () => {
    const { lines, viewer } = plain();
    const [server] = categoryStatus().servers;
    if (server === undefined) throw new Error('no server');
    viewer.show(view({ servers: [{ ...server, now: 1, cause: 'version_store 9 > 8' }] }));
    expect(lines.at(-1)?.trim()).toBe('server01: 1 of 4 sessions (version_store 9 > 8)');
  });
});

test('on a terminal the picture is drawn in place, and the cursor is given back', () => {
  let text = '';
  const stream = new PassThrough().setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const live = createLiveView(Object.assign(stream, { isTTY: true, rows: 20, columns: 100 }));
  live.show(view({ warnings: ['one', 'two'] }));
  live.show(view());
  live.note('Temporal does not answer');
  live.end();
  expect(text).toContain(`server01 ${'█'.repeat(8)}${'░'.repeat(16)}   33 %  2/6 chunks  4 sessions`);
  expect(text).toContain('Temporal does not answer');
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
});
