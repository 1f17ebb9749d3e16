import { cellPerformanceData, ueStatisticsData } from '../sandbox/seed/founding-tables.js';
import type { ColumnDefinition, TableDefinition } from '../sandbox/sqlserver/engine/definition.js';
import type { SqlType } from '../sandbox/sqlserver/engine/types.js';

/** A source table and how many rows of it a benchmark of `ROWS` rows reads. */
export interface BenchTable {
  readonly definition: TableDefinition;
  readonly rows: number;
}

export const databaseName = 'Bench';
export const days = { first: '2025-01-01', count: 10 } as const;
/** Of both founding tables. */
export const timeColumn = 'data_timestamp';
const collation = 'Latin1_General_CI_AS';
const idPrefix = 'bench';

/** The left table of the founding join: 12 columns, about 90 bytes a row on the wire. */
export function cellTable(rows: number): BenchTable {
  return { rows, definition: withoutHurtingRows(cellPerformanceData(founding(rows)), 'cell_id') };
}

/** The right table of the founding join. */
export function deviceTable(rows: number): BenchTable {
  return { rows, definition: withoutHurtingRows(ueStatisticsData(founding(rows)), 'device_id') };
}

/** 100 columns: ten times (4 int, 3 decimal, 2 varchar, datetime2); one row for ten of the founding table. */
export function wideTable(rows: number): BenchTable {
  const groups = Array.from({ length: 10 }, (_, group) => group);
  const values: readonly (readonly [SqlType, string])[] = [
    ...[1, 2, 3, 4].map((n) => [{ name: 'int' }, `(i * ${n * 7919}) % 1000003`] as const),
    ...[1, 2, 3].map((n) => [decimal, `((i * ${n * 997}) % 10000019)::DECIMAL(18,0) * 0.001`] as const),
    ...[1, 2].map((n) => [varchar(40), `format('value {} of {}', i % ${n * 1009}, i)`] as const),
    [{ name: 'datetime2', scale: 3 }, instant('i % 864000')] as const,
  ];
  const columns = groups.flatMap((group) => values.map(([type, value], at) => ({ at, group, type, value })));
  return table(
    'wide_rows',
    Math.ceil(rows / 10),
    columns.slice(1).map(({ group, at, type, value }) => [`c${group}_${at}`, type, value]),
  );
}

/** 10 KB of text in each row, as varchar(max). */
export function largeTextTable(rows: number): BenchTable {
  return table('large_texts', Math.ceil(rows / 50), [
    ['body', { name: 'varchar', length: 'max', collation }, `repeat(format('line {:09d} ', i), 683)`],
  ]);
}

/** 100 bytes of nvarchar with hardly an ASCII letter among them. */
export function unicodeTable(rows: number): BenchTable {
  const words = ['Київ і Αθήνα ', '東京の基地局 ', 'Łódź – Zürich ', 'шум в эфире '];
  const word = `[${words.map((text) => `'${text}'`).join(', ')}][(i % 4 + 1)::BIGINT]`;
  return table('unicode_texts', rows, [
    ['name', { name: 'nvarchar', length: 50, collation }, `substr(repeat(${word}, 5), 1, 50)`],
  ]);
}

/** 20 nullable columns of four types, nine of ten values NULL. */
export function sparseTable(rows: number): BenchTable {
  const kinds: readonly (readonly [SqlType, string])[] = [
    [{ name: 'int' }, '(i % 1000003)::INTEGER'],
    [decimal, '(i % 10000019)::DECIMAL(18,0) * 0.001'],
    [varchar(50), `format('note {}', i)`],
    [{ name: 'datetime2', scale: 3 }, instant('i % 864000')],
  ];
  const columns = Array.from({ length: 20 }, (_, at) => {
    const [type, value] = kinds[at % kinds.length] as (typeof kinds)[number];
    return [`c${at}`, type, `CASE WHEN (i * 31 + ${at} * 7) % 10 = 0 THEN ${value} END`] as const;
  });
  return table('sparse_rows', rows, columns);
}

const decimal: SqlType = { name: 'decimal', precision: 11, scale: 3 };

function varchar(length: number): SqlType {
  return { name: 'varchar', length, collation };
}

function instant(seconds: string): string {
  return `make_timestamp(${Date.parse(`${days.first}T00:00:00Z`)} * 1000 + (${seconds}) * 1000000)`;
}

function founding(rows: number) {
  return {
    rows,
    idPrefix,
    text: 'varchar',
    time: 'datetime2',
    firstDay: days.first,
    days: days.count,
  } as const;
}

/** The rows that hurt have tabs and line feeds, which a pipe of two text tools cannot carry: it would just fail. */
function withoutHurtingRows(definition: TableDefinition, id: string): TableDefinition {
  const fill = `SELECT * FROM (${definition.fill}) WHERE regexp_full_match("${id}", '${idPrefix}-[0-9]{6,}x?')`;
  return { ...definition, fill };
}

/** A table with an `id` before the given columns; `i` in their expressions (DuckDB) is the row's number from 0. */
function table(
  name: string,
  rows: number,
  columns: readonly (readonly [name: string, type: SqlType, value: string])[],
): BenchTable {
  const id: ColumnDefinition = { name: 'id', type: { name: 'int' }, nullable: false };
  const values = columns.map(([column, , value]) => `${value} AS "${column}"`);
  return {
    rows,
    definition: {
      schema: 'dbo',
      name,
      columns: [id, ...columns.map(([column, type]) => ({ name: column, type, nullable: true }))],
      primaryKey: ['id'],
      fill: `SELECT i::INTEGER AS id, ${values.join(',\n  ')} FROM range(${rows}) AS generated(i)`,
    },
  };
}

/** The PostgreSQL type that holds a column of a benchmark's tables exactly. */
export function targetType(type: SqlType): string {
  switch (type.name) {
    case 'smallint':
      return 'smallint';
    case 'int':
      return 'integer';
    case 'decimal':
      return `numeric(${type.precision},${type.scale})`;
    case 'datetime2':
      return `timestamp(${type.scale})`;
    case 'varchar':
    case 'nvarchar':
      return type.length === 'max' ? 'text' : `varchar(${type.length})`;
    default:
      throw new Error(`No benchmark's table has a column of type ${type.name}.`);
  }
}
