import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  FLOAT,
  INTEGER,
  SMALLINT,
  TIMESTAMP,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { layoutOf } from '../rows/column-batch.js';
import type { LogicalType } from '../rows/types.js';

const integers = { 8: UTINYINT, 16: SMALLINT, 32: INTEGER, 64: BIGINT } as const;

/**
 * DuckDB (and so Parquet) type that holds every value of a logical type; its vectors lie as `layoutOf` says. Times rest
 * in microseconds, as in Spark; what has no exact type everywhere rests as its text.
 */
export function duckdbType(type: LogicalType): DuckDBType {
  switch (type.kind) {
    case 'bool':
      return BOOLEAN;
    case 'int':
      return integers[type.bits];
    case 'decimal':
      return DECIMAL(type.precision, type.scale);
    case 'float':
      return type.bits === 32 ? FLOAT : DOUBLE;
    case 'date':
      return DATE;
    case 'timestamp':
      return layoutOf(type) === 'var' ? VARCHAR : TIMESTAMP;
    case 'instant':
      return TIMESTAMP;
    case 'time':
    case 'offsetTimestamp':
    case 'uuid':
    case 'text':
      return VARCHAR;
    case 'bytes':
      return BLOB;
  }
}

/** The type as SQL has it. */
export function duckdbTypeOf(type: LogicalType): string {
  return duckdbType(type).toString();
}
