import { whereClause } from '../../../engine/sqlserver/predicate';

const chunkColumn = { name: 'data_timestamp', sourceType: 'datetime2(3)' };

describe('the predicate of a window', () => {
  it('is half-open, typed as the column, and never holds a bound in its text', () => {
    expect(whereClause({ chunkColumn, from: '2025-01-31 00:00:00', to: '2025-02-01' })).toEqual({
      sql:
        ' WHERE [data_timestamp] >= CONVERT(datetime2(3), @from, 121)' +
        ' AND [data_timestamp] < CONVERT(datetime2(3), @to, 121)',
      params: [
        { name: 'from', sqlType: 'varchar(27)', value: '2025-01-31 00:00:00' },
        { name: 'to', sqlType: 'varchar(27)', value: '2025-02-01 00:00:00' },
      ],
    });
  });

  it('takes the rows without a value, or all', () => {
    expect(whereClause({ chunkColumn, isNull: true }).sql).toBe(' WHERE [data_timestamp] IS NULL');
    expect(whereClause({ chunkColumn })).toEqual({ sql: '', params: [] });
  });

  it('keeps a filter apart from what follows it', () => {
    const { sql } = whereClause({ chunkColumn, to: '2025-02-01', filter: 'a = 1 OR b = 2 -- why' });
    expect(sql).toBe(
      ' WHERE [data_timestamp] < CONVERT(datetime2(3), @to, 121) AND (\na = 1 OR b = 2 -- why\n)',
    );
  });

  it('doubles a bracket in a column name', () => {
    const odd = { name: 'a]b', sourceType: 'date' };
    expect(whereClause({ chunkColumn: odd, isNull: true }).sql).toBe(' WHERE [a]]b] IS NULL');
  });

  it('writes a date bound as a date and a datetime bound with its milliseconds', () => {
    const date = { name: 'd', sourceType: 'date' };
    expect(whereClause({ chunkColumn: date, from: '2025-01-31 00:00:00' }).params[0]?.value).toBe(
      '2025-01-31',
    );
    const datetime = { name: 'd', sourceType: 'datetime' };
    const { params } = whereClause({ chunkColumn: datetime, from: '2025-01-31T23:59:59.9970000' });
    expect(params[0]?.value).toBe('2025-01-31 23:59:59.997');
  });

  it.each([
    ['date', '2025-01-31 12:00:00'],
    ['datetime', '2025-01-31 23:59:59.9999'],
    ['smalldatetime', '2025-01-31 23:59:59'],
    ['datetime2(0)', '2025-01-31 23:59:59.5'],
  ])('refuses a bound that %s would round', (sourceType, from) => {
    expect(() => whereClause({ chunkColumn: { name: 'c', sourceType }, from })).toThrow(
      expect.objectContaining({ code: 'FILTER_INVALID' }),
    );
  });

  it.each([
    ['smalldatetime', '2079-06-06 00:00:00', '2079-06-07 00:00:00'],
    ['datetime', '9999-12-31 00:00:00', '9999-12-31 23:59:59.999'],
    ['datetime2(3)', '9999-12-31 00:00:00', '+010000-01-01 00:00:00'],
    ['date', '9999-12-31 00:00:00', '+010000-01-01 00:00:00'],
  ])('never converts a bound that is too late for %s', (sourceType, inside, beyond) => {
    const chunkColumn = { name: 'at', sourceType };
    const lastWindow = whereClause({ chunkColumn, from: inside, to: beyond });
    expect(lastWindow.sql).toBe(` WHERE [at] >= CONVERT(${sourceType}, @from, 121) AND [at] IS NOT NULL`);
    expect(lastWindow.params).toHaveLength(1);
    // Dropping the bound alone would take the rows without a value.
    expect(whereClause({ chunkColumn, to: beyond })).toEqual({ sql: ' WHERE [at] IS NOT NULL', params: [] });
    expect(whereClause({ chunkColumn, from: beyond })).toEqual({ sql: ' WHERE 1 = 0', params: [] });
  });

  it.each([
    ['smalldatetime', '1899-12-31', '1900-01-01'],
    ['datetime', '0001-01-01', '1753-01-01'],
  ])('never converts a bound that is too early for %s', (sourceType, before, first) => {
    const chunkColumn = { name: 'at', sourceType };
    expect(whereClause({ chunkColumn, from: before }).sql).toBe(' WHERE [at] IS NOT NULL');
    expect(whereClause({ chunkColumn, to: before })).toEqual({ sql: ' WHERE 1 = 0', params: [] });
    expect(whereClause({ chunkColumn, to: first }).params).toHaveLength(1);
  });

  it('refuses a bound that is no date, and a column that has none', () => {
    expect(() => whereClause({ chunkColumn, from: "2025-01-01'; DROP TABLE t --" })).toThrow(/no ISO date/);
    expect(() => whereClause({ chunkColumn: { name: 'c', sourceType: 'float' }, from: '1' })).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE' }),
    );
    expect(() => whereClause({ from: '2025-01-01' })).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('by key takes the rows with a key where it has no bounds, and those of the partition', () => {
    const key = { name: 'id', sourceType: 'smallint' };
    const partition = { column: { name: 'day', sourceType: 'date' }, from: '2025-01-01', to: '2025-02-01' };
    expect(whereClause({ chunkColumn: key, isNull: false }).sql).toBe(' WHERE [id] IS NOT NULL');
    expect(whereClause({ chunkColumn: key, from: '-7', to: '40000', partition }, '2')).toEqual({
      sql:
        ' WHERE [id] >= CONVERT(smallint, @from2) AND [id] IS NOT NULL' +
        ' AND [day] >= CONVERT(date, @partitionFrom2, 121) AND [day] < CONVERT(date, @partitionTo2, 121)',
      params: [
        { name: 'from2', sqlType: 'varchar(41)', value: '-7' },
        { name: 'partitionFrom2', sqlType: 'varchar(27)', value: '2025-01-01' },
        { name: 'partitionTo2', sqlType: 'varchar(27)', value: '2025-02-01' },
      ],
    });
  });
});
