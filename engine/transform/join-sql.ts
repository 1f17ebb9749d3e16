import type { JoinUse, Lineage } from './lineage.js';
import type { TableUse } from './scope.js';
import { quoteDuckdb } from './sql-text.js';

/** Which part of a transform's FROM is wanted. */
export interface JoinScope {
  /** Text keys compared without case and trailing blanks, on both sides. */
  readonly folded: boolean;
  /** Only the first so many joins; all by default. */
  readonly joins?: number;
  /** This join as an INNER one: only rows with a match. */
  readonly inner?: number;
}

/** The transform itself, its text keys folded if asked for. */
export function transformSql(lineage: Lineage, folded: boolean): string {
  return `${lineage.selectList} ${fromClause(lineage, { folded })}`;
}

/** `FROM … JOIN … ON …`. */
export function fromClause({ left, joins }: Lineage, { folded, joins: first, inner }: JoinScope): string {
  const joined = joins.slice(0, first).map((join, index) => {
    const type = index === inner ? 'INNER' : join.type;
    return ` ${type} JOIN ${tableAs(join)} ON ${onCondition(join, folded)}`;
  });
  return `FROM ${tableAs(left)}${joined.join('')}`;
}

export function tableAs({ table, alias }: TableUse): string {
  return `${quoteDuckdb(table)} AS ${quoteDuckdb(alias)}`;
}

export function onCondition({ alias, keys }: JoinUse, folded: boolean): string {
  const equalities = keys.map(({ left, right, text }) => {
    const sides = [qualified(left.alias, left.column), qualified(alias, right)];
    return sides.map((side) => (folded && text ? foldText(side) : side)).join(' = ');
  });
  return equalities.join(' AND ');
}

/** SQL Server ignores the blanks U+0020 at the end; a bare rtrim would take every Unicode space. */
export function foldText(value: string): string {
  return `lower(rtrim(${value}, ' '))`;
}

export function qualified(alias: string, column: string): string {
  return `${quoteDuckdb(alias)}.${quoteDuckdb(column)}`;
}
