import { quoteTsql, type TsqlColumn } from '../rows/checksum-tsql.js';

/** Select list that brings every column exactly, in the form that `cellDecoder` reads. */
export function selectListTsql(columns: readonly TsqlColumn[]): string {
  return columns.map((column) => `${expression(column)} AS ${quoteTsql(column.name)}`).join(', ');
}

/**
 * Decimals and times travel as text: the driver rounds the first to doubles and is four times slower with the
 * second. Unicode text, because the driver decodes UTF-16 natively (a fifth of the time of a code page), and because
 * the server then translates varchar's code pages itself, with no unknown collation left to guess.
 */
function expression(column: TsqlColumn): string {
  const name = quoteTsql(column.name);
  const { type } = column;
  switch (type.kind) {
    case 'bool':
    case 'int':
      return name;
    case 'decimal':
      return `CONVERT(nvarchar(41), ${name})`;
    case 'date':
      return `CONVERT(nvarchar(10), ${name}, 23)`;
    case 'timestamp':
      // Style 121 of a smalldatetime would show milliseconds that the type does not have.
      return type.precision === 0
        ? `CONVERT(nvarchar(19), ${name}, 120)`
        : `CONVERT(nvarchar(27), ${name}, 121)`;
    case 'text':
      if (/^n(var)?char/.test(column.sourceType)) return name;
      // An nvarchar takes at most 4,000 units, and a code page never needs fewer bytes than units.
      return type.maxLength === undefined || type.maxLength > 4000
        ? `CONVERT(nvarchar(max), ${name})`
        : `CONVERT(nvarchar(${type.maxLength}), ${name})`;
  }
}
