import { checksumSelectListPostgres, quotePostgres } from '../../../engine/rows/checksum-postgres.js';
import {
  checksumSelectListTsql,
  hasServerForm,
  quoteTsql,
  type TsqlColumn,
} from '../../../engine/rows/checksum-tsql.js';
import { logicalTypeOf } from '../../../engine/rows/type-map.js';
import { quoteDuckdb } from '../../../engine/transform/sql-text.js';
import { checksumSelectListDuckdb } from '../../support/checksum-duckdb.js';

function tsqlColumn(name: string, sourceType: string, precision = 0, scale = 0, clr = false): TsqlColumn {
  const typeName = sourceType.replace(/\(.*/, '');
  return {
    name,
    sourceType,
    nullable: true,
    type: logicalTypeOf({ typeName, maxLength: 10, precision, scale, clr }),
  };
}

function fieldOf(column: TsqlColumn): string {
  const match = /BIN2_UTF8, (.*)\)\), 1, 8\)\)\)\)\) AS \[sum\]$/.exec(checksumSelectListTsql([column]));
  return match?.[1] ?? '';
}

describe('T-SQL', () => {
  test.each<[TsqlColumn, string]>([
    [tsqlColumn('c', 'bit'), "ISNULL(CONVERT(varchar(1), [c]) + ';', '~;')"],
    [tsqlColumn('c', 'bigint'), "ISNULL(CONVERT(varchar(20), [c]) + ';', '~;')"],
    [tsqlColumn('c', 'decimal(11,3)', 11, 3), "ISNULL(CONVERT(varchar(41), [c]) + ';', '~;')"],
    [tsqlColumn('c', 'date'), "ISNULL(CONVERT(varchar(10), [c], 23) + ';', '~;')"],
    [tsqlColumn('c', 'datetime'), "ISNULL(CONVERT(varchar(27), [c], 121) + ';', '~;')"],
    [tsqlColumn('c', 'datetime2', 0, 3), "ISNULL(CONVERT(varchar(27), [c], 121) + ';', '~;')"],
    [tsqlColumn('c', 'datetime2', 0, 0), "ISNULL(CONVERT(varchar(19), [c], 120) + ';', '~;')"],
    [tsqlColumn('c', 'smalldatetime'), "ISNULL(CONVERT(varchar(19), [c], 120) + ';', '~;')"],
    [tsqlColumn('c', 'money'), "ISNULL(CONVERT(varchar(41), CONVERT(decimal(19,4), [c])) + ';', '~;')"],
    [tsqlColumn('c', 'smallmoney'), "ISNULL(CONVERT(varchar(41), CONVERT(decimal(10,4), [c])) + ';', '~;')"],
    [tsqlColumn('c', 'float'), "ISNULL(LOWER(CONVERT(varchar(16), CONVERT(binary(8), [c]), 2)) + ';', '~;')"],
    [tsqlColumn('c', 'real'), "ISNULL(LOWER(CONVERT(varchar(16), CONVERT(binary(4), [c]), 2)) + ';', '~;')"],
    [tsqlColumn('c', 'time(0)', 8, 0), "ISNULL(CONVERT(varchar(8), [c], 108) + ';', '~;')"],
    [tsqlColumn('c', 'time(7)', 16, 7), "ISNULL(CONVERT(varchar(16), [c], 121) + ';', '~;')"],
    [tsqlColumn('c', 'datetime2(7)', 27, 7), "ISNULL(CONVERT(varchar(27), [c], 121) + ';', '~;')"],
    [
      tsqlColumn('c', 'datetimeoffset(0)', 26, 0),
      "ISNULL(CONVERT(varchar(19), [c], 120) + ' ' + RIGHT(CONVERT(varchar(34), [c], 121), 6) + ';', '~;')",
    ],
    [tsqlColumn('c', 'datetimeoffset(7)', 34, 7), "ISNULL(CONVERT(varchar(34), [c], 121) + ';', '~;')"],
    [tsqlColumn('c', 'uniqueidentifier'), "ISNULL(LOWER(CONVERT(varchar(36), [c])) + ';', '~;')"],
  ])('%j', (column, expected) => {
    expect(fieldOf(column)).toBe(expected);
  });

  test('hashes text by its UTF-8 bytes, with its length in bytes before it', () => {
    const utf8 = 'CONVERT(varchar(max), CONVERT(nvarchar(max), [c]) COLLATE Latin1_General_100_BIN2_UTF8)';
    expect(fieldOf(tsqlColumn('c', 'nvarchar(5)'))).toBe(
      `CASE WHEN [c] IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${utf8}), ':', ${utf8}, ';') END`,
    );
  });

  test('quotes a name that holds a bracket', () => {
    expect(quoteTsql('a]; DROP TABLE t --')).toBe('[a]]; DROP TABLE t --]');
    expect(checksumSelectListTsql([tsqlColumn('a]b', 'int')])).toContain('[a]]b]');
  });

  test('never gives CONCAT more than its 254 arguments', () => {
    const columns = Array.from({ length: 1024 }, (_, index) => tsqlColumn(`c${index}`, 'int'));
    const sql = checksumSelectListTsql(columns);
    expect(sql.match(/\[c\d+\]/g)).toHaveLength(1024);
    // One level of groups: the outer CONCAT and five inner ones, each beginning with the seed.
    expect(sql.match(/CONCAT\(CONVERT\(varchar\(max\), ''\)/g)).toHaveLength(6);
  });

  test.each(['binary(10)', 'varbinary(max)', 'image', 'timestamp', 'geography', 'hierarchyid'])(
    'hashes %s in hex, with its length in bytes before it',
    (sourceType) => {
      const bytes = 'CONVERT(varbinary(max), [c])';
      const hex = `LOWER(CONVERT(varchar(max), ${bytes}, 2))`;
      expect(fieldOf(tsqlColumn('c', sourceType))).toBe(
        `CASE WHEN [c] IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${bytes}), ':', ${hex}, ';') END`,
      );
    },
  );

  test.each(['text', 'ntext', 'char(3)', 'sysname'])('hashes %s as text', (sourceType) => {
    expect(fieldOf(tsqlColumn('c', sourceType))).toContain('CONVERT(nvarchar(max), [c])');
  });

  test.each([
    ['char(3)', '[c]'],
    ['varchar(max)', '[c]'],
    ['nchar(3)', '[c]'],
    ['nvarchar(max)', '[c]'],
    ['sysname', '[c]'],
    ['text', 'CONVERT(varchar(max), [c])'],
    ['ntext', 'CONVERT(nvarchar(max), [c])'],
  ])('hashes the bytes of %s, where they are what is read, in hex', (sourceType, text) => {
    const bytes = `CONVERT(varbinary(max), ${text})`;
    const hex = `LOWER(CONVERT(varchar(max), ${bytes}, 2))`;
    expect(fieldOf({ ...tsqlColumn('c', sourceType), type: { kind: 'bytes' } })).toBe(
      `CASE WHEN [c] IS NULL THEN '~;' ELSE CONCAT(DATALENGTH(${bytes}), ':', ${hex}, ';') END`,
    );
  });

  test('takes a CLR type for bytes, whatever its name', () => {
    const column = tsqlColumn('c', 'money', 0, 0, true);
    expect(fieldOf(column)).toContain('CONVERT(varbinary(max), [c])');
  });

  test.each(['xml', 'json', 'vector', 'sql_variant'])('has no form for %s, and refuses it', (sourceType) => {
    const column = tsqlColumn('c', sourceType);
    expect(hasServerForm(column)).toBe(false);
    expect(() => checksumSelectListTsql([column])).toThrow(expect.objectContaining({ code: 'SOURCE_TYPE' }));
  });

  test.each(['int', 'nvarchar(max)', 'money', 'datetimeoffset(7)', 'image'])(
    'has a form for %s',
    (sourceType) => {
      expect(hasServerForm(tsqlColumn('c', sourceType))).toBe(true);
    },
  );
});

describe('DuckDB and PostgreSQL', () => {
  const columns = [{ name: 'a"b', type: { kind: 'int', bits: 32 }, nullable: true }] as const;

  test('quote names, with their alias', () => {
    expect(checksumSelectListDuckdb(columns, 't"x')).toContain('"t""x"."a""b"');
    expect(checksumSelectListPostgres(columns, 't"x')).toContain('"t""x"."a""b"');
    expect(quoteDuckdb('a"b')).toBe('"a""b"');
  });

  test('a name that PostgreSQL would cut is refused', () => {
    expect(quotePostgres('x'.repeat(63))).toBe(`"${'x'.repeat(63)}"`);
    expect(() => quotePostgres('é'.repeat(32))).toThrow(expect.objectContaining({ code: 'TARGET_SHAPE' }));
  });
});
