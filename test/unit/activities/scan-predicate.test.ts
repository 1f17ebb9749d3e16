import { scanPredicate } from '../../../activities/scan-predicate.js';
import type { CheckedTable } from '../../../engine/postgres/control/checked-tables.js';
import { whereClause } from '../../../engine/sqlserver/predicate.js';

const dated = { name: 'at', sourceType: 'datetime2(3)' };
const key = { name: 'id', sourceType: 'int' };
const table = {
  columns: [key, dated],
  source: { schema: 'dbo', table: 't', chunkColumn: 'at', filter: 'id > 3', filterBounds: {} },
} as unknown as CheckedTable;
const where = (partition: string | undefined, range: object) =>
  whereClause(scanPredicate(partition === undefined ? {} : { inputPartition: partition }, table, range));

describe('the rows of a range', () => {
  it('are those of the filter, rows without a date included, where the table is one range', () => {
    expect(where(undefined, {})).toEqual({ sql: ' WHERE (\nid > 3\n)', params: [] });
  });

  it('lie between its keys, and in the partition of the run', () => {
    const { sql, params } = where('202501', { column: key, from: '5', to: '9' });
    expect(sql).toMatch(
      /\[id\] >= .*@from.* AND \[id\] < .*@to.* AND \[at\] >= .* AND \[at\] < .* AND \(\nid > 3\n\)/,
    );
    expect(params.map(({ value }) => value)).toEqual(
      expect.arrayContaining(['2025-01-01 00:00:00', '2025-02-01 00:00:00']),
    );
  });

  it('have no key where the range is that of the rows without one', () => {
    expect(where(undefined, { column: key, isNull: true }).sql).toMatch(/^ WHERE \[id\] IS NULL AND/);
  });
});
