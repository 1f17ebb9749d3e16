import { logicalTypeOf } from '../../../engine/rows/type-map';
import { carriedColumns, carriedSelect } from '../../../engine/sqlserver/carried-select';
import { whereClause, whereLiteral } from '../../../engine/sqlserver/predicate';

const column = (name: string, sourceType: string, typeName = sourceType, scale = 0, maxLength = 20) => ({
  ...{ name, sourceType, nullable: true },
  type: logicalTypeOf({ typeName, maxLength, precision: 11, scale }),
});
const seen = column('seen', 'datetime2(3)', 'datetime2', 3);

describe('a SELECT for JDBC', () => {
  it.each([
    ['tinyint', column('v', 'tinyint'), 'CONVERT(int, [v])', 'value'],
    ['money', column('v', 'money'), 'CONVERT(decimal(19,4), [v])', 'value'],
    ['decimal', column('v', 'decimal(11,3)', 'decimal', 3), '[v]', 'value'],
    ['datetime2', seen, 'CONVERT(varchar(27), [seen], 121)', 'text'],
    ['uniqueidentifier', column('v', 'uniqueidentifier'), 'LOWER(CONVERT(varchar(36), [v]))', 'text'],
    ['char', column('v', 'char(20)', 'char'), 'CONVERT(varchar(20), [v])', 'value'],
    ['nvarchar', column('v', 'nvarchar(10)', 'nvarchar'), 'CONVERT(varbinary(max), [v])', 'utf16'],
    ['ntext', column('v', 'ntext'), 'CONVERT(varbinary(max), CONVERT(nvarchar(max), [v]))', 'utf16'],
    ['xml', column('v', 'xml'), '[v]', 'value'],
    ['image', column('v', 'image'), 'CONVERT(varbinary(max), [v])', 'value'],
  ] as const)('carries %s as what driver and Spark leave as it is', (_, given, sql, carriedAs) => {
    expect(carriedColumns([given])).toMatchObject([{ name: given.name, carriedAs }]);
    expect(carriedSelect({ schema: 'dbo', table: 't]' }, [given], {}, false)).toBe(
      `SELECT ${sql} AS [c0] FROM [dbo].[t]]]`,
    );
  });

  it("brings the server's hash of each row when asked", () => {
    const sql = carriedSelect({ schema: 'dbo', table: 't' }, [seen], {}, true);
    expect(sql).toMatch(/ AS \[c0\], CONVERT\(bigint, SUBSTRING\(HASHBYTES\('MD5', .*\) AS \[h\] FROM /);
  });

  it.each(['sql_variant', 'json', 'vector'])('refuses %s, of which JDBC gives no exact form', (type) => {
    expect(() => carriedColumns([column('v', type)])).toThrow(
      expect.objectContaining({ code: 'SOURCE_TYPE', message: expect.stringContaining('Column v') }),
    );
  });
});

describe('a WHERE with its values in it', () => {
  it('holds the bounds where the parameters were, and leaves the filter alone', () => {
    const predicate = {
      ...{ chunkColumn: seen, from: '2025-01-01', to: '2025-02-01' },
      filter: "note = '@from' -- @to",
    };
    expect(whereLiteral(predicate)).toBe(
      " WHERE [seen] >= CONVERT(datetime2(3), '2025-01-01 00:00:00', 121)" +
        " AND [seen] < CONVERT(datetime2(3), '2025-02-01 00:00:00', 121) AND (\nnote = '@from' -- @to\n)",
    );
    expect(whereClause(predicate).params).toHaveLength(2);
  });

  it('quotes a text key, whatever signs it has', () => {
    const chunkColumn = { name: '@from', sourceType: 'nvarchar(20)', collation: 'Latin1_General_CI_AS' };
    expect(whereLiteral({ chunkColumn, from: JSON.stringify("O'Neil $& @to") })).toBe(
      " WHERE [@from] >= N'O''Neil $& @to'",
    );
  });
});
