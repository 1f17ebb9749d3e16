import { quoteTsql } from '../rows/checksum-tsql.js';
import type { ColumnBatch } from '../rows/column-batch.js';
import type { TableName } from './checksum.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import type { StreamedRows } from './row-stream.js';
import type { SourceReader } from './session.js';
import type { ReadLimits, StreamedColumn } from './wire/result-decoder.js';

export interface StreamedTable extends TableName {
  readonly columns: readonly StreamedColumn[];
}

/**
 * Streams the rows of a table under a predicate in batches with back-pressure. Every column comes as it is: no type
 * needs the server to convert it. Returns the rows read, as confirmed by the server.
 * @throws as `SourceReader.stream`
 */
export async function streamTable(
  reader: SourceReader,
  { schema, table, columns }: StreamedTable,
  predicate: SourcePredicate,
  signal: AbortSignal,
  onBatch: (batch: ColumnBatch) => Promise<void>,
  limits?: Partial<ReadLimits>,
): Promise<StreamedRows> {
  const where = whereClause(predicate);
  const list = columns.map(({ name }) => quoteTsql(name)).join(', ');
  const statement = `SELECT ${list} FROM ${quoteTsql(schema)}.${quoteTsql(table)}${where.sql} OPTION (MAXDOP 1)`;
  return reader.stream(statement, where.params, columns, onBatch, signal, limits);
}
