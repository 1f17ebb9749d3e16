import { MigrationError } from '../errors.js';
import { quoteTsql } from '../rows/checksum-tsql.js';
import { whereClause } from './predicate.js';
import type { SourceReader } from './session.js';

/** Errors that the filter's own text brings about; any other is the server's or the network's. */
const ownFaults: ReadonlySet<string> = new Set(['SOURCE_OBJECT', 'SOURCE_CONVERSION', 'SOURCE_QUERY']);

/**
 * Lets the server judge a filter before anything rests on it: names, types and conversions, on one row and so
 * at no cost. A filter that only fails on another row is found when the plan counts.
 * @throws MigrationError FILTER_INVALID naming the parameter, its value and the server's reason; SOURCE_*
 */
export async function probeFilter(
  reader: SourceReader,
  { schema, table }: { readonly schema: string; readonly table: string },
  filter: string,
): Promise<void> {
  const where = whereClause({ filter });
  const statement =
    `SELECT COUNT_BIG(*) AS [rows] FROM (SELECT TOP (1) * FROM ${quoteTsql(schema)}.${quoteTsql(table)}) ` +
    `AS [first]${where.sql} OPTION (MAXDOP 1)`;
  try {
    await reader.query(statement, where.params);
  } catch (error) {
    if (!(error instanceof MigrationError) || !ownFaults.has(error.code)) throw error;
    throw new MigrationError(
      'FILTER_INVALID',
      `Migration parameter: field 'source_filter_${table}' is ${JSON.stringify(filter)}, which the source refuses. ${error.message}`,
      { cause: error.cause },
    );
  }
}
