import type { Column } from '../rows/types.js';
import type { DuckDb } from './duckdb.js';
import type { TransformTarget } from './engine.js';

/** Throws TRANSFORM_INVALID or TARGET_SHAPE; see docs/transform.md. */
export declare function checkTransform(
  duckdb: DuckDb,
  target: TransformTarget,
  sources: readonly { readonly table: string; readonly columns: readonly Column[] }[],
  signal: AbortSignal,
): Promise<void>;
