import { MigrationError } from '../errors.js';
import { quoteTsql } from '../rows/checksum-tsql.js';
import type { Bound, ChunkColumn } from './chunk-column.js';
import { dateBound, isDateColumn } from './date-bound.js';
import { keyBound } from './key-bound.js';
import type { SqlParameter } from './parameters.js';

/** Rows of a window under a filter: `from <= column < to`, or the rows without a value. */
export interface SourcePredicate {
  readonly chunkColumn?: ChunkColumn;
  /** ISO wall-clock text, or what `keyBoundOf` gave; inclusive; absent for open. */
  readonly from?: string;
  /** The same, exclusive; absent for open. */
  readonly to?: string;
  /** True for the rows without a value, false for those with one; absent for what the bounds say. */
  readonly isNull?: boolean;
  /** A range of a date column on top, half-open, of a window that is cut by another column. */
  readonly partition?: { readonly column: ChunkColumn; readonly from: string; readonly to: string };
  /** T-SQL predicate, already parsed and found harmless by the configuration. */
  readonly filter?: string;
}

export interface SqlFragment {
  readonly sql: string;
  readonly params: readonly SqlParameter[];
}

/**
 * `WHERE …` (or nothing) with its parameters. With neither bound nor `isNull` rows without a value are included.
 * `suffix` tells the parameters of several fragments of one statement apart.
 * @throws MigrationError SOURCE_TYPE for a column that windows cannot be cut by, INTERNAL for bounds without a column,
 * FILTER_INVALID for a bound that is no ISO date or finer than the column
 */
export function whereClause(predicate: SourcePredicate, suffix = ''): SqlFragment {
  const params: SqlParameter[] = [];
  const sql = whereText(predicate, suffix, (bound) => {
    params.push(bound.param);
    return bound.sql;
  });
  return { sql, params };
}

/**
 * The same with its values in the text, for who can send no parameters.
 * @throws as `whereClause`
 */
export function whereLiteral(predicate: SourcePredicate): string {
  return whereText(predicate, '', ({ sql, param }) => sql.replace(`@${param.name}`, () => literalOf(param)));
}

function whereText(
  predicate: SourcePredicate,
  suffix: string,
  textOf: (bound: Exclude<Bound, string>) => string,
): string {
  const { chunkColumn, from, to, isNull, partition, filter } = predicate;
  const conditions: string[] = [];
  const compare = (column: ChunkColumn, operator: '>=' | '<', name: string, value: string | undefined) => {
    if (value === undefined) return;
    const bound = boundOf(column, name + suffix, value);
    const side = typeof bound === 'object' ? textOf(bound) : undefined;
    conditions.push(condition(quoteTsql(column.name), operator, bound, side));
  };
  if (from !== undefined || to !== undefined || isNull !== undefined) {
    if (chunkColumn === undefined) {
      throw new MigrationError('INTERNAL', 'A window needs the column that it is cut by.');
    }
    if (isNull !== undefined)
      conditions.push(`${quoteTsql(chunkColumn.name)} IS ${isNull ? 'NULL' : 'NOT NULL'}`);
    compare(chunkColumn, '>=', 'from', from);
    compare(chunkColumn, '<', 'to', to);
  }
  if (partition !== undefined) {
    compare(partition.column, '>=', 'partitionFrom', partition.from);
    compare(partition.column, '<', 'partitionTo', partition.to);
  }
  // On lines of its own, so that a comment at the filter's end cannot swallow what follows.
  if (filter !== undefined) conditions.push(`(\n${filter}\n)`);
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

function literalOf({ sqlType, value }: SqlParameter): string {
  if (typeof value !== 'string') return value === null ? 'NULL' : String(value);
  return `${sqlType.startsWith('n') ? 'N' : ''}'${value.replaceAll("'", "''")}'`;
}

function boundOf(column: ChunkColumn, name: string, value: string): Bound {
  return isDateColumn(column) ? dateBound(column, name, value) : keyBound(column, name, value);
}

/** `side` is what is compared with; of a bound beyond the column's type every value or none is on its side. */
function condition(column: string, operator: '>=' | '<', bound: Bound, side: string | undefined): string {
  if (side !== undefined) return `${column} ${operator} ${side}`;
  return (operator === '>=') === (bound === 'below') ? `${column} IS NOT NULL` : '1 = 0';
}
