import type { DuckDbUse } from '../activities/dependencies.js';
import type { RunConfig } from '../config/run-config.js';
import type { DuckDbOptions } from '../engine/transform/duckdb.js';

/** A value is in the table that fills, in the one that is copied out, and some four times on its way into a file. */
const copiesOfValue = 6;
/** For the parts of eight steps that hold no such value. */
const partsMegabytes = 512;

/**
 * What the process's DuckDB for a use may take. Parts are bounded by their own size and the steps in flight; their limit is
 * there for large values only, and has room for one of `maxValue`.
 */
export function duckDbLimits(
  { duckdb, maxValueBytes }: Pick<RunConfig, 'duckdb' | 'maxValueBytes'>,
  use: DuckDbUse,
): Pick<DuckDbOptions, 'memoryLimit' | 'threads'> {
  if (use !== 'parts') return duckdb;
  const megabytes = partsMegabytes + copiesOfValue * Math.ceil(maxValueBytes / 2 ** 20);
  return { ...duckdb, memoryLimit: `${megabytes}MB` };
}
