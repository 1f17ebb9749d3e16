import { boundsOf, countAll, countByWindow } from '../../../engine/sqlserver/windows';
import { fakeReader } from './fake-reader';

const table = { schema: 'dbo', table: 't', chunkColumn: { name: 'at', sourceType: 'datetime' } };

describe('counting windows', () => {
  it('keeps rows without a value apart', async () => {
    const reader = fakeReader({
      'GROUP BY': [
        { window: null, rows: '3' },
        { window: '2025-01-01', rows: '10' },
        { window: '2025-01-02', rows: '9007199254740991' },
      ],
    });
    await expect(countByWindow(reader, table, 'day')).resolves.toEqual({
      windows: [
        { window: '2025-01-01', rows: 10 },
        { window: '2025-01-02', rows: Number.MAX_SAFE_INTEGER },
      ],
      nullRows: 3,
    });
    expect(reader.asked[0]?.statement).not.toContain('WHERE');
    expect(reader.asked[0]?.statement).toContain('OPTION (MAXDOP 1)');
  });

  it('counts months by their first day, within the bounds and the filter', async () => {
    const reader = fakeReader({});
    await countByWindow(reader, table, 'month', '2025-01-01', '2025-03-01', 'kind = 1');
    expect(reader.asked[0]?.statement).toContain('DATEFROMPARTS(YEAR([at]), MONTH([at]), 1)');
    expect(reader.asked[0]?.statement).toContain('[at] < CONVERT(datetime, @to, 121) AND (\nkind = 1\n)');
    expect(reader.asked[0]?.params.map(({ value }) => value)).toEqual([
      '2025-01-01 00:00:00',
      '2025-03-01 00:00:00',
    ]);
  });

  it('refuses a column that is no date', async () => {
    const byKey = { ...table, chunkColumn: { name: 'id', sourceType: 'int' } };
    const refused = expect.objectContaining({ code: 'SOURCE_TYPE' });
    await expect(countByWindow(fakeReader({}), byKey, 'day')).rejects.toEqual(refused);
    await expect(boundsOf(fakeReader({}), byKey)).rejects.toEqual(refused);
  });

  it('has no bounds where no row has a value', async () => {
    await expect(boundsOf(fakeReader({ MIN: [{ min: null, max: null }] }), table)).resolves.toBeUndefined();
    const found = { min: '2025-01-01 00:00:00.000', max: '2025-01-10 23:59:59.997' };
    await expect(boundsOf(fakeReader({ MIN: [found] }), table)).resolves.toEqual(found);
  });

  it('counts all rows under the filter', async () => {
    const reader = fakeReader({ COUNT_BIG: [{ rows: '40000' }] });
    await expect(countAll(reader, table, { filter: 'a = 1' })).resolves.toBe(40_000);
    expect(reader.asked[0]?.statement).toBe(
      'SELECT COUNT_BIG(*) AS [rows] FROM [dbo].[t] WHERE (\na = 1\n) OPTION (MAXDOP 1)',
    );
  });
});
