import { requireAlignedKeys, requireConsistency, requireSeek } from '../../../activities/source-rules.js';
import type { SourceDatabase, SourceTable, TargetConfig } from '../../../config/run-config.js';
import type { SourceCapabilities } from '../../../engine/sqlserver/capabilities.js';
import type { SourceTableInfo } from '../../../engine/sqlserver/catalog.js';
import { targetTable } from '../../support/target-fixtures.js';

const place = { server: 'server01', database: 'a]b' } as SourceDatabase;
const source = { schema: 'dbo', table: 'Order]s', chunkColumn: 'taken at', filterBounds: {} };
const chunk: TargetConfig['chunk'] = {
  by: 'date',
  grain: 'day',
  rows: 1_000_000,
  allowScans: false,
  onePass: false,
  scanRows: 1_000,
};
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

  it('name one reading for all windows, which is no scan of each', () => {
    expect(() => seek()).toThrow('"onePass": true');
    const onePass = { ...chunk, onePass: true };
    const info = { leadingIndexColumns: ['id'] } as unknown as SourceTableInfo;
    expect(() => requireSeek(info, source as SourceTable, onePass, place)).not.toThrow();
  });

  it.each(['snapshot', 'rcsi'] as const)('switch on what "%s" needs, everything quoted', (consistency) => {
    const off = { snapshotAllowed: false, rcsi: false } as SourceCapabilities;
    expect(() => requireConsistency(off, consistency, place)).toThrow('ALTER DATABASE [a]]b] SET ');
  });
});

describe('keys that chunks are cut by', () => {
  const keyed = { ...chunk, by: 'key' } as const;
  const sides = [
    { schema: 'dbo', table: 'a', chunkColumn: 'id', filterBounds: {} },
    { schema: 'dbo', table: 'b', chunkColumn: 'device', filterBounds: {} },
  ];
  const check = (left: string, right: string, joinKeys?: 'exact' | 'casefold_rtrim') => {
    const infos = sides.map(({ schema, table, chunkColumn }, index) => {
      const [sourceType, collation] = (index === 0 ? left : right).split(' ');
      const column = { name: chunkColumn, sourceType, ...(collation !== undefined && { collation }) };
      return { schema, table, columns: [{ name: 'other', sourceType: 'int' }, column] };
    }) as unknown as SourceTableInfo[];
    const target = { ...targetTable('t'), chunk: keyed, sources: sides, ...(joinKeys && { joinKeys }) };
    requireAlignedKeys(infos, target, place);
  };

  it('are of one order on all sides of a join', () => {
    expect(() => check('int', 'bigint')).not.toThrow();
    expect(() => check('varchar(5) A_CI_AS', 'varchar(9) A_CI_AS', 'casefold_rtrim')).not.toThrow();
    expect(() => check('varchar(5) A_CS_AS', 'varchar(9) A_CS_AS', 'exact')).not.toThrow();
    expect(() => check('varchar(5) A_CI_AS', 'varchar(5) B_CI_AS')).toThrow(
      'dbo.a.id is ordered as varchar A_CI_AS and dbo.b.device as varchar B_CI_AS',
    );
    expect(() => check('int', 'varchar(5) A_CI_AS')).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE' }),
    );
  });

  it('are not joined without case where the source orders them by case', () => {
    expect(() => check('varchar(5) A_CS_AS', 'varchar(9) A_CS_AS', 'casefold_rtrim')).toThrow(
      'dbo.a.id is case-sensitive',
    );
    expect(() => check('varchar(5) A_BIN2', 'varchar(9) A_BIN2', 'casefold_rtrim')).toThrow('A_BIN2');
    expect(() => check('int', 'int', 'casefold_rtrim')).not.toThrow();
  });

  it('need an index, or the windows are counted in the refusal', () => {
    const info = { leadingIndexColumns: [], rows: 2_500_000, bytes: 5e6 } as unknown as SourceTableInfo;
    const refusal = message(() => requireSeek(info, source, keyed, place));
    expect(refusal).toContain('each of 3 windows would scan 5.0 MB');
    expect(refusal).toContain('more "rows"');
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
