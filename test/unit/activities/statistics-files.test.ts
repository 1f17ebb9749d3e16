import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatisticsFiles } from '../../../activities/report/statistics-files.js';
import type { ChunkReport } from '../../../engine/postgres/control/reports.js';
import type { Bucket } from '../../../engine/storage/bucket.js';

describe('statistics files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'statistics-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('tell a hop that differs from one that had nothing to be compared with, and what is in quarantine', async () => {
    const hop = { hop: 'raw', subject: 'dbo.t', rows: 3, sum: '00000000000000ff', method: 'duckdb' };
    const report = {
      chunk: {
        chunkId: '7',
        target: 't',
        server: 's',
        database: 'd',
        window: { label: '20250101' },
        state: 'DONE',
      },
      steps: [
        { step: 'export', rows: 3, bytes: 9, seconds: 2, reused: false },
        { step: 'import', rows: 1, bytes: 4, seconds: 1, reused: false },
      ],
      checksums: [true, false, null].map((matches) => ({ ...hop, matches })),
      quarantine: { rows: 2, object: 'quarantine/c/t/s/d/2025/01/01/a.jsonl' },
    } as unknown as ChunkReport;
    const put = new Map<string, string>();
    const bucket = {
      putFile: async (key: string, file: string) => void put.set(key, readFileSync(file, 'utf8')),
    };
    const files = new StatisticsFiles(directory, { category: 'c', runId: 'r' });
    await files.add(report);
    await files.upload(bucket as unknown as Bucket);
    const lines = (key: string): readonly string[] => (put.get(key) ?? '').trimEnd().split('\n').slice(1);
    expect(lines('checksum/c/r/t-s-d.csv').map((line) => line.split(',').at(-1))).toEqual([
      'true',
      'false',
      '',
    ]);
    expect(lines('import/c/r/t-s-d.csv')).toEqual([
      '7,20250101,DONE,1,4,1,1,false,2,quarantine/c/t/s/d/2025/01/01/a.jsonl',
    ]);
    expect(lines('export/c/r/t-s-d.csv')).toEqual(['7,20250101,DONE,3,9,2,2,false']);
  });
});
