import { foundingDatabase, foundingStyles } from '../../../sandbox/seed/founding-servers.js';
import { type BothEngines, said, startBothEngines } from './estate.js';

let engines: BothEngines;
beforeAll(async () => {
  engines = await startBothEngines(foundingStyles(300).server01.map(foundingDatabase));
}, 300_000);
afterAll(() => engines?.close());

const tables = ['cell_performance_data', 'ue_statistics_data'] as const;
const window = {
  chunkColumn: { name: 'data_timestamp', sourceType: 'datetime2(3)' },
  from: '2025-01-02',
  to: '2025-01-03',
} as const;

describe('an export', () => {
  it.each(tables)('gives the same checksum at the source and in raw by either engine (%s)', async (table) => {
    const embedded = await engines.embeddedExport('DatabaseA', table, window);
    const spark = await engines.sparkExport('DatabaseA', table, window);
    expect(said(embedded).raw.rows).toBeGreaterThan(10);
    expect(said(spark)).toEqual(said(embedded));
  });
});
