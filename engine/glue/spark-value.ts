import type { LogicalType } from '../rows/types.js';

/** What an expression gives: a logical kind, `NULL` that is of any, or texts of a datetime2(7). */
export type Kind = LogicalType['kind'] | 'null' | 'timestamp7';

/** SQL of Spark's whose values are those of DuckDB's expression, bracketed where it needs to be. */
export interface SparkValue {
  readonly sql: string;
  readonly kind: Kind;
}

/** Throws for what Spark gives another value of than DuckDB, or is not known to give the same. */
export type Refuse = (what: string) => never;

/**
 * The one kind of values that are compared with each other or take each other's place: else each engine would turn one
 * into the other in its own way.
 */
export function alike(values: readonly SparkValue[], where: string, refuse: Refuse): Kind {
  const kinds = new Set(values.map(({ kind }) => kind).filter((kind) => kind !== 'null'));
  if (kinds.size === 2 && kinds.has('int') && kinds.has('decimal')) return 'decimal';
  if (kinds.size > 1) refuse(`${where} of the kinds ${[...kinds].join(' and ')}`);
  return [...kinds][0] ?? 'null';
}
