import { MigrationError } from '../errors.js';
import type { DuckDbSession } from './duckdb.js';
import type { JoinKeys } from './engine.js';
import { foldText, fromClause, onCondition, qualified, tableAs } from './join-sql.js';
import type { JoinUse, Lineage } from './lineage.js';
import { rowId, windowId } from './source-views.js';
import { quoteDuckdb } from './sql-text.js';

/**
 * Counts left rows that match a right row only without case and trailing blanks: SQL Server's usual collations
 * would join them, DuckDB's bytes do not. Throws JOIN_COLLATION when there are some and no choice was made.
 */
export async function checkCollation(
  session: DuckDbSession,
  lineage: Lineage,
  choice: JoinKeys | undefined,
): Promise<number> {
  const counts = await countFoldedOnly(session, lineage, choice, '0');
  return counts.get(0) ?? 0;
}

/** As `checkCollation`, by the number of the left row's window. */
export function checkCollationByWindow(
  session: DuckDbSession,
  lineage: Lineage,
  choice: JoinKeys | undefined,
): Promise<ReadonlyMap<number, number>> {
  return countFoldedOnly(session, lineage, choice, qualified(lineage.left.alias, windowId));
}

async function countFoldedOnly(
  session: DuckDbSession,
  lineage: Lineage,
  choice: JoinKeys | undefined,
  window: string,
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (const [index, join] of lineage.joins.entries()) {
    if (!join.keys.some(({ text }) => text)) continue;
    const from = fromClause(lineage, { folded: choice === 'casefold_rtrim', joins: index });
    const match = (foldedKeys: boolean) =>
      `EXISTS (SELECT 1 FROM ${tableAs(join)} WHERE ${onCondition(join, foldedKeys)})`;
    const found = await session.rows<{ window: number; n: bigint }>(
      `SELECT w AS "window", count(*) AS n FROM
         (SELECT ${window} AS w ${from} WHERE NOT ${match(false)} AND ${match(true)}) GROUP BY w`,
    );
    const rows = found.reduce((sum, { n }) => sum + Number(n), 0);
    if (rows > 0 && choice === undefined) throw collationError(lineage, join, rows);
    for (const { window: at, n } of found) counts.set(at, (counts.get(at) ?? 0) + Number(n));
  }
  return counts;
}

function collationError(lineage: Lineage, join: JoinUse, rows: number): MigrationError {
  const keys = join.keys.map(({ left, right }) => `${left.column} = ${join.table}.${right}`).join(', ');
  return new MigrationError(
    'JOIN_COLLATION',
    `${rows} rows of ${lineage.left.table} match ${join.table} (${keys}) only when case and trailing blanks are ` +
      'ignored, as most SQL Server collations do. Set joinKeys of the target to "casefold_rtrim" to join them, or ' +
      'to "exact" to leave them unmatched, then start the category again.',
  );
}

/** Throws JOIN_FANOUT when a left row comes out more than once, naming the right keys that are not unique. */
export async function checkFanout(session: DuckDbSession, lineage: Lineage, folded: boolean): Promise<void> {
  const from = fromClause(lineage, { folded });
  const left = qualified(lineage.left.alias, rowId);
  const rows = await count(
    session,
    `SELECT count(*) AS n FROM (SELECT 1 ${from} GROUP BY ${left} HAVING count(*) > 1)`,
  );
  if (rows === 0) return;
  const names: string[] = [];
  for (const join of lineage.joins) {
    if (await hasDuplicateKeys(session, join, folded)) {
      names.push(`${join.table} (${join.keys.map(({ right }) => right).join(', ')})`);
    }
  }
  throw new MigrationError(
    'JOIN_FANOUT',
    `${rows} rows of ${lineage.left.table} come out of the join more than once: the join columns of ` +
      `${names.join(' and ') || 'a joined table'} are not unique. Join on a key, or narrow the table by its ` +
      'source_filter.',
  );
}

async function hasDuplicateKeys(session: DuckDbSession, join: JoinUse, folded: boolean): Promise<boolean> {
  const keys = join.keys.map(({ right, text }) => {
    const column = quoteDuckdb(right);
    return folded && text ? foldText(column) : column;
  });
  const groups = `SELECT 1 FROM ${quoteDuckdb(join.table)} GROUP BY ${keys.join(', ')} HAVING count(*) > 1`;
  return (await count(session, `SELECT count(*) AS n FROM (${groups} LIMIT 1)`)) > 0;
}

async function count(session: DuckDbSession, sql: string): Promise<number> {
  const [row] = await session.rows<{ n: bigint }>(sql);
  return Number(row?.n ?? 0n);
}
