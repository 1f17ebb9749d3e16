import type { Cell, SqlType } from './types.js';

/** How a sql_variant rests: its type as JSON, a line feed, DuckDB's own text of the value (hex digits for bytes). */
export const variantPrefix = (type: SqlType): string => `${JSON.stringify(type)}\n`;

/** Takes a resting sql_variant apart. */
export function parseVariant(resting: string): {
  readonly type: SqlType;
  readonly value: Exclude<Cell, null>;
} {
  const end = resting.indexOf('\n');
  const type = JSON.parse(resting.slice(0, end)) as SqlType;
  return { type, value: cellOf(resting.slice(end + 1), type) };
}

/** DuckDB's text of a value as a cell. */
function cellOf(text: string, type: SqlType): Exclude<Cell, null> {
  switch (type.name) {
    case 'bit':
      return text === 'true';
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'float':
    case 'real':
      return Number(text);
    case 'bigint':
    case 'decimal':
    case 'money':
    case 'smallmoney':
      return BigInt(text.replace('.', ''));
    case 'date':
      return Number(micros(`${text} 00:00:00`) / 86_400_000_000n);
    case 'datetime':
    case 'smalldatetime':
      return micros(text);
    case 'datetime2':
      return type.scale === 7 ? text : micros(text);
    case 'time':
      return type.scale === 7 ? text : micros(`1970-01-01 ${text}`);
    case 'binary':
    case 'varbinary':
      return Buffer.from(text, 'hex');
    default:
      return text;
  }
}

function micros(timestamp: string): bigint {
  const [whole = '', fraction = ''] = timestamp.split('.');
  return BigInt(Date.parse(`${whole.replace(' ', 'T')}Z`)) * 1_000n + BigInt(fraction.padEnd(6, '0'));
}
