import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  SMALLINT,
  TIMESTAMP,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api';
import { quoteDuckdb } from '../../../engine/rows/checksum-duckdb.js';
import { duckdbTypeOf } from '../../../engine/rows/type-map.js';
import type { Cell, Column, LogicalType, RowBatch } from '../../../engine/rows/types.js';

/** Creates table `t` anew with the rows, handed over as DuckDB's own values, so that no text is involved. */
export async function fillDuckdb(
  connection: DuckDBConnection,
  columns: readonly Column[],
  batch: RowBatch,
): Promise<void> {
  const declared = columns.map(({ name, type }) => `${quoteDuckdb(name)} ${duckdbTypeOf(type)}`);
  await connection.run(`CREATE OR REPLACE TABLE t (${declared.join(', ')})`);
  if (batch.rows === 0) return;
  const chunk = DuckDBDataChunk.create(columns.map(({ type }) => vectorType(type)));
  chunk.setColumns(
    columns.map(({ type }, index) => (batch.columns[index] ?? []).map((cell) => value(type, cell))),
  );
  const appender = await connection.createAppender('t');
  appender.appendDataChunk(chunk);
  appender.closeSync();
}

function vectorType(type: LogicalType): DuckDBType {
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

function value(type: LogicalType, cell: Cell): DuckDBValue {
  if (cell === null) return null;
  if (type.kind === 'decimal') return new DuckDBDecimalValue(cell as bigint, type.precision, type.scale);
  if (type.kind === 'date') return new DuckDBDateValue(cell as number);
  if (type.kind === 'timestamp') return new DuckDBTimestampValue(cell as bigint);
  return cell;
}
