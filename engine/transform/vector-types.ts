import { quoteDuckdb } from '../rows/checksum-duckdb.js';
import { duckdbTypeOf } from '../rows/type-map.js';
import type { Column } from '../rows/types.js';

/** `"a" INTEGER, "b" VARCHAR`: columns of a CREATE TABLE. */
export function columnDefinitions(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${quoteDuckdb(name)} ${duckdbTypeOf(type)}`).join(', ');
}

/** A string literal, quotes doubled: for paths, which COPY takes as no parameter. */
export function duckdbLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
