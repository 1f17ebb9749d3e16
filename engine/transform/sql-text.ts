import type { Column } from '../rows/types.js';
import { duckdbTypeOf } from './duckdb-types.js';

/** `"name"`, with quotes doubled. */
export function quoteDuckdb(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"a" INTEGER, "b" VARCHAR`: columns of a CREATE TABLE. */
export function columnDefinitions(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${quoteDuckdb(name)} ${duckdbTypeOf(type)}`).join(', ');
}

/** A string literal, quotes doubled: for paths, which COPY takes as no parameter. */
export function duckdbLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
