import type { TransformTarget } from './engine.js';
import type { JoinUse, Lineage } from './lineage.js';
import { type ColumnOrigin, sameName } from './scope.js';
import { invalid } from './supported-sql.js';

/**
 * Refuses a join whose match may lie in another window. A chunk holds the rows of one window, so such a match would
 * come out as NULL or not at all, and both sides of every hop would agree on that. Where each join equates the
 * chunking columns of its table and an earlier one, all rows of a match lie in the same window.
 */
export function requireAligned(lineage: Lineage, target: TransformTarget, file: string): void {
  if (target.chunk.by === 'none' || (target.scope ?? 'chunk') !== 'chunk') return;
  const chunkColumns = chunkColumnsOf(lineage, target);
  const isChunkColumn = ({ alias, column }: ColumnOrigin) =>
    chunkColumns.some((chunk) => chunk.alias === alias && sameName(chunk.column, column));
  for (const join of lineage.joins) {
    const aligned = join.keys.some(
      ({ left, right }) => isChunkColumn(left) && isChunkColumn({ alias: join.alias, column: right }),
    );
    if (!aligned) throw notAligned(join, chunkColumns, file);
  }
}

function chunkColumnsOf({ left, joins }: Lineage, { sources }: TransformTarget): readonly ColumnOrigin[] {
  return [left, ...joins].flatMap(({ table, alias }) => {
    const column = sources.find((source) => sameName(source.table, table))?.chunkColumn;
    return column === undefined ? [] : [{ alias, column }];
  });
}

function notAligned({ alias }: JoinUse, chunkColumns: readonly ColumnOrigin[], file: string) {
  const [first] = chunkColumns;
  const own = chunkColumns.find((chunk) => chunk.alias === alias);
  const equality = [first, own].map((chunk) => `${chunk?.alias}.${chunk?.column}`).join(' = ');
  return invalid(
    file,
    `the join of ${alias} is not aligned with the windows, and would miss matches in other windows: add ` +
      `"AND ${equality}" to its ON condition, or set "scope": "database" for the target, which joins all windows of a database at once`,
  );
}
