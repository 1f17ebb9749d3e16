import { selectListTsql } from '../../../engine/sqlserver/select-list';

const column = (
  name: string,
  sourceType: string,
  type: Parameters<typeof selectListTsql>[0][number]['type'],
) => ({
  name,
  sourceType,
  type,
  nullable: true,
});

describe('the select list', () => {
  it('lets no value through a form that the driver rounds', () => {
    expect(
      selectListTsql([
        column('amount', 'decimal(38,10)', { kind: 'decimal', precision: 38, scale: 10 }),
        column('day', 'date', { kind: 'date' }),
        column('at', 'datetime2(6)', { kind: 'timestamp', precision: 6 }),
        column('minute', 'smalldatetime', { kind: 'timestamp', precision: 0 }),
        column('count', 'bigint', { kind: 'int', bits: 64 }),
      ]),
    ).toBe(
      'CONVERT(nvarchar(41), [amount]) AS [amount], CONVERT(nvarchar(10), [day], 23) AS [day], ' +
        'CONVERT(nvarchar(27), [at], 121) AS [at], CONVERT(nvarchar(19), [minute], 120) AS [minute], [count] AS [count]',
    );
  });

  it('lets the server translate code pages, and keeps every length', () => {
    expect(
      selectListTsql([
        column('a', 'varchar(50)', { kind: 'text', maxLength: 50 }),
        column('b', 'varchar(8000)', { kind: 'text', maxLength: 8000 }),
        column('c', 'varchar(max)', { kind: 'text' }),
        column('d', 'nvarchar(50)', { kind: 'text', maxLength: 50 }),
        column('e', 'nchar(5)', { kind: 'text', maxLength: 5 }),
      ]),
    ).toBe(
      'CONVERT(nvarchar(50), [a]) AS [a], CONVERT(nvarchar(max), [b]) AS [b], CONVERT(nvarchar(max), [c]) AS [c], ' +
        '[d] AS [d], [e] AS [e]',
    );
  });

  it('quotes names', () => {
    expect(selectListTsql([column('x] FROM t --', 'int', { kind: 'int', bits: 32 })])).toBe(
      '[x]] FROM t --] AS [x]] FROM t --]',
    );
  });
});
