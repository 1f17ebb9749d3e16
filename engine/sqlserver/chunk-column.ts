import type { SqlParameter } from './parameters.js';

/** Column that windows are cut by. */
export interface ChunkColumn {
  readonly name: string;
  /** As declared: `datetime2(3)`, `int`, `varchar(50)`. */
  readonly sourceType: string;
  /** Of a text column. */
  readonly collation?: string;
}

/**
 * What a bound of a window is for a column: an expression that is compared with, and its parameter; or the side of all
 * values of the column's type on which it lies, where converting it would be an error.
 */
export type Bound = 'below' | 'above' | { readonly sql: string; readonly param: SqlParameter };
