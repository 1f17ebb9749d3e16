import fc from 'fast-check';
import {
  attemptPrefix,
  manifestKey,
  partKey,
  quarantineKey,
  rangePartKey,
  rawPrefix,
  transformedPrefix,
} from '../../../engine/storage/keys.js';

const location = {
  category: 'cell_perf_stats',
  target: 'cell_perf_stats',
  server: 'server01',
  database: 'DatabaseA',
  schema: 'dbo',
  table: 'cell_performance_data',
};
const raw = (window: string) => rawPrefix({ ...location, window });

describe('keys of windows', () => {
  const base = 'cell_perf_stats/cell_perf_stats/server01/DatabaseA/dbo/cell_performance_data/';

  it.each([
    ['20250131', '2025/01/31/'],
    ['202501', '2025/01/'],
    ['lt20250101', 'window/lt20250101/'],
    ['ge20250401', 'window/ge20250401/'],
    ['null', 'window/null/'],
    ['all', 'window/all/'],
    ['20251399', 'window/20251399/'],
  ])('puts window %s under %s', (label, path) => {
    expect(raw(label)).toBe(base + path);
  });

  it('leaves schema and table out of a transformed window', () => {
    expect(transformedPrefix({ ...location, window: '20250131' })).toBe(
      'cell_perf_stats/cell_perf_stats/server01/DatabaseA/2025/01/31/',
    );
  });

  it('numbers parts under their attempt and gives the manifest a fixed name', () => {
    expect(partKey(raw('202501'), 'run-1', 7)).toBe(`${base}2025/01/run-1/part-00007.parquet`);
    expect(attemptPrefix(raw('202501'), 'a/b')).toBe(`${base}2025/01/a%2Fb/`);
    expect(manifestKey(raw('202501'))).toBe(`${base}2025/01/manifest.json`);
  });

  it('tells the parts of ranges apart under one attempt, and those of a range that is read again', () => {
    const part = (ordinal: number, attempt: string) =>
      rangePartKey(raw('20250131'), 'scan-1', { ordinal, attempt }, 2);
    expect(part(12, 'r-1')).toBe(`${base}2025/01/31/scan-1/range-00012-r-1-part-00002.parquet`);
    expect(new Set([part(1, 'a'), part(1, 'b'), part(2, 'a')]).size).toBe(3);
  });

  it('keeps quarantine apart from all that may be read by more people', () => {
    expect(quarantineKey({ ...location, window: '20250131' }, 'a/b')).toBe(
      'quarantine/cell_perf_stats/cell_perf_stats/server01/DatabaseA/2025/01/31/a%2Fb.jsonl',
    );
  });
});

describe('path segments', () => {
  const segment = (table: string) => rawPrefix({ ...location, table, window: 'all' }).split('/')[5] ?? '';

  it.each(['..', '.', '', 'a/b', '../../etc/passwd', 'a\0b', '%2F', '.tmp', 'Zürich', 'a b', '表'])(
    'keep %j inside its folder',
    (name) => {
      expect(rawPrefix({ ...location, table: name, window: 'all' }).split('/')).toHaveLength(9);
      expect(segment(name)).toMatch(/^[A-Za-z0-9_%~-][A-Za-z0-9_.%~-]*$/);
    },
  );

  it('never meet for two different names', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 130 });
    fc.assert(fc.property(name, name, (a, b) => (segment(a) === segment(b)) === (a === b)));
  });

  it('fit a file system at 128 characters of any script, and still differ', () => {
    const names = ['表'.repeat(128), `${'表'.repeat(127)}面`];
    const [a = '', b = ''] = names.map(segment);
    expect(Math.max(a.length, b.length)).toBeLessThanOrEqual(200);
    expect(a).not.toBe(b);
  });
});
