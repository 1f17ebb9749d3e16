import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  type DuckDBType,
  INTEGER,
  SMALLINT,
  TIMESTAMP,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { quoteDuckdb } from '../rows/checksum-duckdb.js';
import { duckdbTypeOf } from '../rows/type-map.js';
import type { Column, LogicalType } from '../rows/types.js';

/** How a column rests in a DuckDB vector. DuckDB picks a decimal's width by its precision. */
export type VectorLayout = 'bool' | 'uint8' | 'int16' | 'int32' | 'int64' | 'int128' | 'text';

/** The most rows that one DuckDB vector holds. */
export const vectorRows = 2048;

/** @see https://duckdb.org/docs/stable/clients/c/vector */
export function layoutOf(type: LogicalType): VectorLayout {
  switch (type.kind) {
    case 'bool':
    case 'text':
      return type.kind;
    case 'int':
      return ({ 8: 'uint8', 16: 'int16', 32: 'int32', 64: 'int64' } as const)[type.bits];
    case 'decimal':
      if (type.precision <= 4) return 'int16';
      if (type.precision <= 9) return 'int32';
      return type.precision <= 18 ? 'int64' : 'int128';
    case 'date':
      return 'int32';
    case 'timestamp':
      return 'int64';
  }
}

/** The same type as `duckdbTypeOf`, as an object for data chunks. */
export function duckdbTypeObject(type: LogicalType): DuckDBType {
  switch (type.kind) {
    case 'bool':
      return BOOLEAN;
    case 'int':
      return { 8: UTINYINT, 16: SMALLINT, 32: INTEGER, 64: BIGINT }[type.bits];
    case 'decimal':
      return DECIMAL(type.precision, type.scale);
    case 'date':
      return DATE;
    case 'timestamp':
      return TIMESTAMP;
    case 'text':
      return VARCHAR;
  }
}

/** `"a" INTEGER, "b" VARCHAR`: columns of a CREATE TABLE. */
export function columnDefinitions(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${quoteDuckdb(name)} ${duckdbTypeOf(type)}`).join(', ');
}

/** A string literal, quotes doubled: for paths, which COPY takes as no parameter. */
export function duckdbLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
