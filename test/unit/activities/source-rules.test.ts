import { requireConsistency, requireSeek } from '../../../activities/source-rules.js';
import type { SourceDatabase, SourceTable, TargetConfig } from '../../../config/run-config.js';
import type { SourceCapabilities } from '../../../engine/sqlserver/capabilities.js';
import type { SourceTableInfo } from '../../../engine/sqlserver/catalog.js';

const place = { server: 'server01', database: 'a]b' } as SourceDatabase;
const source = { schema: 'dbo', table: 'Order]s', chunkColumn: 'taken at', filterBounds: {} };
const chunk: TargetConfig['chunk'] = { by: 'date', grain: 'day', rows: 1_000_000, allowScans: false };
const seek = (changes: object = {}) =>
  requireSeek(
    { leadingIndexColumns: ['id'] } as unknown as SourceTableInfo,
    { ...source, ...changes } as unknown as SourceTable,
    chunk,
    place,
  );

describe('the statements that a refusal suggests', () => {
  it('create an index with a name, everything quoted', () => {
    expect(() => seek()).toThrow('CREATE INDEX [IX_Order]]s_taken at] ON [dbo].[Order]]s] ([taken at])');
    const [, name] = /INDEX \[([^\]]*)\]/.exec(message(() => seek({ table: 'x'.repeat(128) }))) ?? [];
    expect(name).toHaveLength(128);
  });

  it.each(['snapshot', 'rcsi'] as const)('switch on what "%s" needs, everything quoted', (consistency) => {
    const off = { snapshotAllowed: false, rcsi: false } as SourceCapabilities;
    expect(() => requireConsistency(off, consistency, place)).toThrow('ALTER DATABASE [a]]b] SET ');
  });
});

function message(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('nothing was thrown');
}
