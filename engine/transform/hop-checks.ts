import { MigrationError } from '../errors.js';
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
import { digestDuckdb } from './row-digest.js';
import { sameName, type TableUse } from './scope.js';
import { rowId } from './source-views.js';
import { duckdbLiteral, quoteDuckdb } from './sql-text.js';

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

/** One source table of the transform: which of its rows must have come out, and how they are told there. */
export interface Side {
  readonly use: TableUse;
  readonly columns: readonly CarriedColumn[];
  /** `FROM … WHERE …` over the raw views. */
  readonly from: string;
  /** A condition on the output; absent where it is all rows. */
  readonly matched?: string;
}

/**
 * Columns that came from a source table as they are, hashed before and after the transform; throws JOIN_FANOUT or
 * CHECKSUM_TRANSFORM.
 *
 * Every left row must be there once; behind an INNER join, every matched one. No row can make up for another: without a
 * WHERE each of them comes out at least once, so that an equal count proves that each comes out just once.
 *
 * Of a joined table they are compared on matched rows: those where its join column came out as not NULL. Where no join
 * column comes out, on all rows of the join, unmatched ones as NULLs.
 */
export async function checkHops(
  context: HopContext,
): Promise<{ readonly left: SourceHop; readonly rights: readonly SourceHop[] }> {
  const { session, output } = context;
  const sides = sidesOf(context);
  const actual = await outputDigests(session, output, sides);
  const expected: SetChecksum[] = [];
  for (const side of sides) expected.push(await sourceDigest(session, side));
  return requireEqualSides(context, sides, expected, actual);
}

/** The left table, and the joined ones of which a column came out. */
export type Sides = readonly [Side, ...Side[]];

export function sidesOf(context: Shape): Sides {
  return [sideOfLeft(context), ...sidesOfRights(context)];
}

/** Throws JOIN_FANOUT or CHECKSUM_TRANSFORM where a side came out otherwise; both lists are in the order of the sides. */
export async function requireEqualSides(
  { session, lineage, folded }: Pick<HopContext, 'session' | 'lineage' | 'folded'>,
  sides: Sides,
  expected: readonly SetChecksum[],
  actual: readonly SetChecksum[],
): Promise<{ readonly left: SourceHop; readonly rights: readonly SourceHop[] }> {
  const hopAt = (side: Side, index: number): SourceHop =>
    sourceHop(side, expected[index] ?? emptyChecksum, actual[index] ?? emptyChecksum);
  const left = hopAt(sides[0], 0);
  const rights = sides.slice(1).map((side, index) => hopAt(side, index + 1));
  const different = [left, ...rights].find((hop) => !equalChecksums(hop.expected, hop.actual));
  if (different === undefined) return { left, rights };
  if (different === left) await checkFanout(session, lineage, folded);
  throw checksumError(different);
}

type Shape = Pick<HopContext, 'lineage' | 'targetColumns' | 'folded'>;

function sideOfLeft({ lineage, targetColumns, folded }: Shape): Side {
  const use = lineage.left;
  const row = qualified(use.alias, rowId);
  const inner = lineage.joins.some(({ type }) => type === 'INNER');
  const matched = inner ? ` WHERE ${row} IN (SELECT ${row} ${fromClause(lineage, { folded })})` : '';
  return {
    use,
    columns: carriedColumns(lineage, targetColumns, use),
    from: `FROM ${tableAs(use)}${matched}`,
  };
}

/** Joined tables of which a column came out. */
function sidesOfRights({ lineage, targetColumns, folded }: Shape): readonly Side[] {
  return lineage.joins.flatMap((use, index) => {
    const columns = carriedColumns(lineage, targetColumns, use);
    if (columns.length === 0) return [];
    const key = columns.find(({ source }) => use.keys.some(({ right }) => right === source));
    if (key === undefined) return [{ use, columns, from: fromClause(lineage, { folded }) }];
    const matched = `${quoteDuckdb(key.target.name)} IS NOT NULL`;
    return [{ use, columns, from: fromClause(lineage, { folded, inner: index }), matched }];
  });
}

function carriedColumns(
  { outputs }: Lineage,
  targetColumns: readonly Column[],
  { alias }: TableUse,
): readonly CarriedColumn[] {
  return targetColumns.flatMap((target) => {
    const output = outputs.find(({ name }) => sameName(name, target.name));
    return output?.from?.alias === alias ? [{ target, source: output.from.column }] : [];
  });
}

async function sourceDigest(session: DuckDbSession, side: Side): Promise<SetChecksum> {
  const [row] = await session.rows<Digest>(sourceDigestSql(side));
  return parseSetChecksum(row?.rows ?? 0, row?.sum ?? null);
}

/**
 * `SELECT "rows", "sum" FROM …` out of the raw views, in the target's types, so that both sides hash the same values;
 * with `window`, SQL of a column, a row for each of its values.
 */
export function sourceDigestSql({ use, columns, from }: Side, window?: string): string {
  const digest = digestOf(columns, ({ source }) => qualified(use.alias, source));
  const [list, group] = window === undefined ? ['', ''] : [`${window} AS "window", `, ` GROUP BY ${window}`];
  return `SELECT ${list}count(*) AS "rows", ${digest} AS "sum" ${from}${group}`;
}

function sourceHop({ use, columns }: Side, expected: SetChecksum, actual: SetChecksum): SourceHop {
  const { table, alias } = use;
  return { table, alias, columns: columns.map(({ target }) => target.name), expected, actual };
}

/** Of all sides, in one reading of the parts. */
export async function outputDigests(
  session: DuckDbSession,
  output: readonly string[],
  sides: Sides,
): Promise<readonly SetChecksum[]> {
  if (output.length === 0) return [];
  const list = sides.flatMap(({ columns, matched = 'true' }, index) => {
    const digest = digestOf(columns, ({ target }) => quoteDuckdb(target.name));
    return [
      `count(*) FILTER (${matched}) AS "rows${index}"`,
      `${digest} FILTER (${matched}) AS "sum${index}"`,
    ];
  });
  const files = output.map(duckdbLiteral).join(', ');
  const [row = {}] = await session.rows<Readonly<Record<string, bigint | null>>>(
    `SELECT ${list.join(', ')} FROM read_parquet([${files}])`,
  );
  return sides.map((_, index) => parseSetChecksum(row[`rows${index}`] ?? 0, row[`sum${index}`] ?? null));
}

export interface Digest {
  readonly rows: bigint;
  readonly sum: bigint | null;
}

/** Where no column came out as it is, only rows are left to be counted. */
function digestOf(columns: readonly CarriedColumn[], sqlOf: (column: CarriedColumn) => string): string {
  if (columns.length === 0) return 'sum(0)';
  return digestDuckdb(columns.map((column) => ({ value: sqlOf(column), type: column.target.type })));
}

function checksumError({ table, expected, actual }: SourceHop): MigrationError {
  const difference = describeDifference(expected, actual, [`raw ${table}`, 'the transformed parts']);
  return new MigrationError('CHECKSUM_TRANSFORM', `${difference}. Report this with the transform file.`);
}
