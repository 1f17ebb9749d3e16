import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
  type DuckDBValue,
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
  const appender = await connection.createAppender('t');
  const chunk = DuckDBDataChunk.create(columns.map((_, index) => appender.columnType(index)));
  chunk.setColumns(
    columns.map(({ type }, index) => (batch.columns[index] ?? []).map((cell) => value(type, cell))),
  );
  appender.appendDataChunk(chunk);
  appender.closeSync();
}

function value(type: LogicalType, cell: Cell): DuckDBValue {
  if (cell === null) return null;
  if (type.kind === 'decimal') return new DuckDBDecimalValue(cell as bigint, type.precision, type.scale);
  if (type.kind === 'date') return new DuckDBDateValue(cell as number);
  if (typeof cell === 'bigint' && type.kind !== 'int') return new DuckDBTimestampValue(cell);
  if (cell instanceof Uint8Array) return new DuckDBBlobValue(cell);
  return cell;
}
