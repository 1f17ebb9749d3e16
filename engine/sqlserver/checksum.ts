import { checksumSelectListTsql, quoteTsql, type TsqlColumn } from '../rows/checksum-tsql.js';
import type { SetChecksum } from '../rows/types.js';
import { sourceError } from './errors.js';
import type { SqlParameter } from './parameters.js';
import { type SourcePredicate, whereClause } from './predicate.js';
import type { SourceReader } from './session.js';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/**
 * Set checksum of the rows of a table under a predicate, by the server's own HASHBYTES; only where
 * `probeCapabilities` found `serverHash`.
 * @throws MigrationError SOURCE_*
 */
export async function checksumTable(
  reader: SourceReader,
  { schema, table }: TableName,
  columns: readonly TsqlColumn[],
  predicate: SourcePredicate,
  signal?: AbortSignal,
): Promise<SetChecksum> {
  const where = whereClause(predicate);
  return checksumOf(
    reader,
    columns,
    `${quoteTsql(schema)}.${quoteTsql(table)}${where.sql}`,
    where.params,
    signal,
  );
}

/** Set checksum of whatever follows FROM. */
export async function checksumOf(
  reader: SourceReader,
  columns: readonly TsqlColumn[],
  from: string,
  params: readonly SqlParameter[] = [],
  signal?: AbortSignal,
): Promise<SetChecksum> {
  const statement = `SELECT ${checksumSelectListTsql(columns)} FROM ${from} OPTION (MAXDOP 1)`;
  const [row] = await reader.query<{ rows: string | number; sum: string | null }>(statement, params, signal);
  if (row === undefined)
    throw sourceError('SOURCE_QUERY', reader.place, 'the checksum statement gave no row');
  return { rows: Number(row.rows), sum: hexOf(row.sum) };
}

/** A decimal sum of signed hashes as 16 hex digits modulo 2^64; NULL, the sum over no rows, is zero. */
function hexOf(sum: string | null): string {
  return BigInt.asUintN(64, BigInt(sum ?? 0))
    .toString(16)
    .padStart(16, '0');
}
