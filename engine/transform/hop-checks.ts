import { MigrationError } from '../errors.js';
import { checksumSelectListDuckdb, quoteDuckdb } from '../rows/checksum-duckdb.js';
import { duckdbTypeOf } from '../rows/type-map.js';
import type { Column, SetChecksum } from '../rows/types.js';
import {
  describeDifference,
  emptyChecksum,
  equalChecksums,
  parseSetChecksum,
} from '../validation/set-checksum.js';
import type { DuckDbSession } from './duckdb.js';
import type { SourceHop } from './engine.js';
import { checkFanout } from './join-checks.js';
import { fromClause, qualified, tableAs } from './join-sql.js';
import type { Lineage } from './lineage.js';
import { sameName, type TableUse } from './scope.js';
import { rowId } from './source-views.js';
import { duckdbLiteral } from './vector-types.js';

export interface HopContext {
  readonly session: DuckDbSession;
  readonly lineage: Lineage;
  readonly targetColumns: readonly Column[];
  /** Local files of the transformed parts. */
  readonly output: readonly string[];
  readonly folded: boolean;
}

/** A target column that is a source column as it is. */
interface CarriedColumn {
  readonly target: Column;
  readonly source: string;
}

/**
 * Left columns, hashed before and after the transform. Every left row must be there once; behind an INNER join,
 * every matched one. No row can make up for another: without a WHERE each of them comes out at least once, so that
 * an equal count proves that each comes out just once. Throws JOIN_FANOUT or CHECKSUM_TRANSFORM.
 */
export async function checkLeftHop(context: HopContext): Promise<SourceHop> {
  const { session, lineage, folded } = context;
  const use = lineage.left;
  const columns = carriedColumns(context, use);
  const row = qualified(use.alias, rowId);
  const inner = lineage.joins.some(({ type }) => type === 'INNER');
  const matched = inner ? ` WHERE ${row} IN (SELECT ${row} ${fromClause(lineage, { folded })})` : '';
  const expected = await sourceChecksum(session, use, columns, `FROM ${tableAs(use)}${matched}`);
  const actual = await outputChecksum(context, columns);
  if (!equalChecksums(expected, actual)) {
    await checkFanout(session, lineage, folded);
    throw checksumError(use, expected, actual);
  }
  return hop(use, columns, expected, actual);
}

/**
 * Columns of each joined table, hashed before and after, on matched rows: those where its join column came out as
 * not NULL. Where no join column comes out, on all rows of the join, unmatched ones as NULLs.
 * Throws CHECKSUM_TRANSFORM.
 */
export async function checkRightHops(context: HopContext): Promise<readonly SourceHop[]> {
  const { session, lineage, folded } = context;
  const hops: SourceHop[] = [];
  for (const [index, join] of lineage.joins.entries()) {
    const columns = carriedColumns(context, join);
    if (columns.length === 0) continue;
    const key = columns.find(({ source }) => join.keys.some(({ right }) => right === source));
    const scope = key ? { folded, inner: index } : { folded };
    const from = fromClause(lineage, scope);
    const expected = await sourceChecksum(session, join, columns, from);
    const matched = key ? `${quoteDuckdb(key.target.name)} IS NOT NULL` : undefined;
    const actual = await outputChecksum(context, columns, matched);
    if (!equalChecksums(expected, actual)) {
      throw checksumError(join, expected, actual);
    }
    hops.push(hop(join, columns, expected, actual));
  }
  return hops;
}

function carriedColumns(
  { lineage, targetColumns }: HopContext,
  { alias }: TableUse,
): readonly CarriedColumn[] {
  return targetColumns.flatMap((target) => {
    const output = lineage.outputs.find(({ name }) => sameName(name, target.name));
    return output?.from?.alias === alias ? [{ target, source: output.from.column }] : [];
  });
}

/** Before: out of the raw views, in the target's types, so that both sides hash the same text. */
function sourceChecksum(
  session: DuckDbSession,
  use: TableUse,
  columns: readonly CarriedColumn[],
  from: string,
): Promise<SetChecksum> {
  const values = columns.map(({ target, source }) => {
    return `CAST(${qualified(use.alias, source)} AS ${duckdbTypeOf(target.type)}) AS ${quoteDuckdb(target.name)}`;
  });
  return checksum(session, columns, `(SELECT ${values.join(', ') || '1'} ${from})`);
}

async function outputChecksum(
  { session, output }: HopContext,
  columns: readonly CarriedColumn[],
  where?: string,
): Promise<SetChecksum> {
  if (output.length === 0) return emptyChecksum;
  const files = `read_parquet([${output.map(duckdbLiteral).join(', ')}])`;
  return checksum(session, columns, where ? `${files} WHERE ${where}` : files);
}

async function checksum(
  session: DuckDbSession,
  columns: readonly CarriedColumn[],
  from: string,
): Promise<SetChecksum> {
  const list =
    columns.length > 0
      ? checksumSelectListDuckdb(columns.map(({ target }) => target))
      : 'count(*) AS "rows", CAST(0 AS HUGEINT) AS "sum"';
  const [row] = await session.rows<{ rows: bigint; sum: bigint | null }>(`SELECT ${list} FROM ${from}`);
  return parseSetChecksum(row?.rows ?? 0, row?.sum ?? null);
}

function hop(
  { table, alias }: TableUse,
  columns: readonly CarriedColumn[],
  expected: SetChecksum,
  actual: SetChecksum,
): SourceHop {
  return { table, alias, columns: columns.map(({ target }) => target.name), expected, actual };
}

function checksumError(use: TableUse, expected: SetChecksum, actual: SetChecksum): MigrationError {
  const difference = describeDifference(expected, actual, [`raw ${use.table}`, 'the transformed parts']);
  return new MigrationError('CHECKSUM_TRANSFORM', `${difference}. Report this with the transform file.`);
}
