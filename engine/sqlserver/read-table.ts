import { quoteTsql } from '../rows/checksum-tsql.js';
import type { RowBatch } from '../rows/types.js';
import type { TableName } from './checksum.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import { type SourceColumn, selectListTsql } from './select-list.js';
import type { SourceReader } from './session.js';

/**
 * Streams the rows of a table under a predicate, every column exact, in batches with back-pressure.
 * Returns the rows read. Throws as `SourceReader.stream` does.
 */
export async function readTable(
  reader: SourceReader,
  { schema, table }: TableName,
  columns: readonly SourceColumn[],
  predicate: SourcePredicate,
  batchRows: number,
  onBatch: (batch: RowBatch) => Promise<void>,
  signal?: AbortSignal,
): Promise<number> {
  const where = whereClause(predicate);
  const statement = `SELECT ${selectListTsql(columns)} FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} OPTION (MAXDOP 1)`;
  return reader.stream(statement, where.params, columns, batchRows, onBatch, signal);
}
