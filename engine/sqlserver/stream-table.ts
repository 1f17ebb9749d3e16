import { quoteTsql, type TsqlColumn } from '../rows/checksum-tsql.js';
import type { RowBatch } from '../rows/types.js';
import type { TableName } from './checksum.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import { selectListTsql } from './select-list.js';
import type { SourceReader } from './session.js';

export interface StreamedTable extends TableName {
  readonly columns: readonly TsqlColumn[];
}

/**
 * Streams the rows of a table under a predicate, every column exact, in batches with back-pressure.
 * Returns the rows read. Throws as `SourceReader.stream` does.
 */
export async function streamTable(
  reader: SourceReader,
  { schema, table, columns }: StreamedTable,
  predicate: SourcePredicate,
  batchRows: number,
  signal: AbortSignal,
  onBatch: (batch: RowBatch) => Promise<void>,
): Promise<number> {
  const where = whereClause(predicate);
  const statement = `SELECT ${selectListTsql(columns)} FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} OPTION (MAXDOP 1)`;
  return reader.stream(statement, where.params, columns, batchRows, onBatch, signal);
}
