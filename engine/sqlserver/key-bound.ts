import { MigrationError } from '../errors.js';
import type { Bound, ChunkColumn } from './chunk-column.js';

/**
 * Keys are compared by SQL Server alone, in the order of the column's type and collation: here their bounds are only
 * carried, as text that comes back as the very same value. Text itself is carried as a JSON string, since PostgreSQL,
 * where bounds rest, holds neither U+0000 nor half of a surrogate pair.
 */
type KeyKind = 'integer' | 'decimal' | 'text' | 'guid' | 'moment';

const kinds: readonly (readonly [KeyKind, RegExp])[] = [
  ['integer', /^(tinyint|smallint|int|bigint)$/],
  ['decimal', /^(decimal|numeric)\(\d+,\d+\)$/],
  ['text', /^n?(var)?char\(\d+\)$/],
  ['guid', /^uniqueidentifier$/],
  ['moment', /^(date|smalldatetime|datetime|(datetime2|time|datetimeoffset)(\([0-7]\))?)$/],
];

/** An nvarchar takes no more units, and a code page never needs fewer bytes than units. */
const longestText = 4000;

const integerLimits: Readonly<Record<string, readonly [lowest: bigint, highest: bigint]>> = {
  tinyint: [0n, 255n],
  smallint: [-(1n << 15n), (1n << 15n) - 1n],
  int: [-(1n << 31n), (1n << 31n) - 1n],
  bigint: [-(1n << 63n), (1n << 63n) - 1n],
};

/** Whether ranges can be cut by the column: its values are ordered, and carried exactly. */
export function isKeyColumn(column: ChunkColumn): boolean {
  return knownKind(column) !== undefined;
}

function knownKind({ sourceType }: ChunkColumn): KeyKind | undefined {
  const kind = kinds.find(([, pattern]) => pattern.test(sourceType))?.[0];
  const length = kind === 'text' ? Number(/\d+/.exec(sourceType)?.[0]) : 0;
  return length <= longestText ? kind : undefined;
}

/** Throws SOURCE_TYPE for a column whose values are not carried exactly, or not ordered at all. */
function kindOf(column: ChunkColumn): KeyKind {
  const { name, sourceType } = column;
  const kind = knownKind(column);
  if (kind !== undefined) return kind;
  throw new MigrationError(
    'SOURCE_TYPE',
    `Column ${name} is ${sourceType}; windows by key need an integer, decimal, text of at most ${longestText} characters, ` +
      'uniqueidentifier, date or time. Choose another chunkColumn, or "chunk": { "by": "none" }.',
  );
}

/**
 * What two columns must have in common so that one bound means the same rows of both: `integer`, `decimal(11,3)`,
 * `varchar Latin1_General_CI_AS`. Integers compare alike whatever their size, text whatever its length; but Unicode and
 * code-page text may sort differently under one collation.
 * @throws MigrationError SOURCE_TYPE
 */
export function keyOrder(column: ChunkColumn): string {
  const kind = kindOf(column);
  if (kind === 'integer') return kind;
  if (kind === 'text') return `${isUnicode(column) ? 'nvarchar' : 'varchar'} ${collationOf(column)}`;
  return column.sourceType.replace(/^numeric/, 'decimal');
}

/** T-SQL that gives the value of an expression of the column's type as the text of a bound. */
export function keyTextTsql(column: ChunkColumn, expression: string): string {
  switch (kindOf(column)) {
    case 'integer':
      return `CONVERT(varchar(20), ${expression})`;
    case 'decimal':
      return `CONVERT(varchar(41), ${expression})`;
    case 'text':
      return `CONVERT(nvarchar(${longestText}), ${expression})`;
    case 'guid':
      return `CONVERT(varchar(36), ${expression})`;
    case 'moment':
      return `CONVERT(varchar(34), ${expression}, ${momentStyle(column)})`;
  }
}

/** The bound out of what `keyTextTsql` gave. */
export function keyBoundOf(column: ChunkColumn, text: string): string {
  return kindOf(column) === 'text' ? JSON.stringify(text) : text;
}

/**
 * A bound as the column's own type, so that it is a seek and compares in the column's own order. An integer of another
 * table may be wider than the column's type.
 */
export function keyBound(column: ChunkColumn, name: string, value: string): Bound {
  const param = { name, sqlType: 'varchar(41)', value };
  switch (kindOf(column)) {
    case 'integer': {
      const [lowest, highest] = integerLimits[column.sourceType] ?? [0n, 0n];
      const number = BigInt(value);
      if (number < lowest || number > highest) return number < lowest ? 'below' : 'above';
      return { sql: `CONVERT(${column.sourceType}, @${name})`, param };
    }
    case 'text': {
      const text = { name, sqlType: `nvarchar(${longestText})`, value: JSON.parse(value) as string };
      if (isUnicode(column)) return { sql: `@${name}`, param: text };
      // The collation names the code page, which need not be that of the database.
      return { sql: `CONVERT(varchar(8000), @${name} COLLATE ${collationOf(column)})`, param: text };
    }
    case 'moment':
      return { sql: `CONVERT(${column.sourceType}, @${name}, ${momentStyle(column)})`, param };
    case 'decimal':
    case 'guid':
      return { sql: `CONVERT(${column.sourceType}, @${name})`, param };
  }
}

/** ISO text: with all fractional digits, where the type has any. */
function momentStyle({ sourceType }: ChunkColumn): number {
  if (sourceType === 'date') return 23;
  return sourceType === 'smalldatetime' ? 120 : 121;
}

function isUnicode({ sourceType }: ChunkColumn): boolean {
  return sourceType.startsWith('n');
}

/** Stands in statements as it is, so it must be the name of a collation and nothing else. */
function collationOf({ name, collation = '' }: ChunkColumn): string {
  if (/^\w+$/.test(collation)) return collation;
  throw new MigrationError('SOURCE_TYPE', `Column ${name} has no collation by which its text is ordered.`);
}
