import { quoteTsql } from '../rows/checksum-tsql.js';
import type { TableName } from './checksum.js';
import type { ChunkColumn } from './chunk-column.js';
import { keyBoundOf, keyTextTsql } from './key-bound.js';
import type { SqlParameter } from './parameters.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import type { SourceReader } from './session.js';

/** A table whose keys are counted, and which rows of it. */
export interface KeyedTable extends TableName {
  readonly predicate: SourcePredicate & { readonly chunkColumn: ChunkColumn };
}

/** A run of neighbouring keys over all tables, up to the next mark; a key of many rows is a mark of its own. */
export interface KeyMark {
  /** The first key, as the text of a bound. */
  readonly from: string;
  /** By table, in their order. */
  readonly rows: readonly number[];
}

/**
 * Where aligned ranges of several tables may be cut, and what lies between: a mark holds fewer than `2 * grain` rows,
 * or is a single key. Rows without a key are left out. All tables are of one `keyOrder`.
 *
 * The boundaries cost no scan of their own: they come out of the pass that counts the windows, in which each table is
 * read once, through the index that leads with the key where there is one. The counts are exact, whatever the skew,
 * and the server alone compares keys.
 * @throws MigrationError SOURCE_*
 */
export async function keyMarks(
  reader: SourceReader,
  tables: readonly KeyedTable[],
  grain: number,
): Promise<readonly KeyMark[]> {
  const [first] = tables;
  if (first === undefined) return [];
  const { chunkColumn } = first.predicate;
  const { sql, params } = marksStatement(tables, keyTextTsql(chunkColumn, 'MIN([k])'));
  const grainParam = { name: 'grain', sqlType: 'int', value: grain };
  const found = await reader.query<Readonly<Record<string, string>>>(sql, [...params, grainParam]);
  return found.map((row) => ({
    from: keyBoundOf(chunkColumn, row.key ?? ''),
    rows: tables.map((_, index) => Number(row[`r${index}`])),
  }));
}

/**
 * Keys lie in the grain in which their first row does. One of a whole grain or more is the last of the grain that it
 * begins in, so that it can stand apart without parting its neighbours.
 */
function marksStatement(
  tables: readonly KeyedTable[],
  key: string,
): { readonly sql: string; readonly params: readonly SqlParameter[] } {
  const all = tables.map((_, index) => `[r${index}]`);
  const sums = all.map((rows) => `SUM(${rows}) AS ${rows}`).join(', ');
  const counts = tables.map((table, index) => countsByKey(table, index, tables.length));
  const merged = counts.map(({ sql }) => sql).join(' UNION ALL ');
  const total = all.join(' + ');
  const byKey = `SELECT [k], ${sums} FROM (${merged}) AS [counted] GROUP BY [k]`;
  const running =
    `SELECT [k], ${all.join(', ')}, ${total} AS [rows], ` +
    `SUM(${total}) OVER (ORDER BY [k] ROWS UNBOUNDED PRECEDING) AS [up_to] FROM (${byKey}) AS [keys]`;
  const sql =
    `SELECT ${key} AS [key], ${sums} FROM (${running}) AS [running] ` +
    'GROUP BY ([up_to] - [rows]) / @grain, CASE WHEN [rows] >= @grain THEN 1 ELSE 0 END ' +
    'ORDER BY MIN([up_to]) OPTION (MAXDOP 1)';
  return { sql, params: counts.flatMap(({ params }) => params) };
}

function countsByKey({ schema, table, predicate }: KeyedTable, index: number, tables: number) {
  const column = quoteTsql(predicate.chunkColumn.name);
  const where = whereClause({ ...predicate, isNull: false }, String(index));
  const rows = Array.from({ length: tables }, (_, other) =>
    other === index ? `COUNT_BIG(*) AS [r${other}]` : `CONVERT(bigint, 0) AS [r${other}]`,
  );
  const sql = `SELECT ${column} AS [k], ${rows.join(', ')} FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} GROUP BY ${column}`;
  return { sql, params: where.params };
}
