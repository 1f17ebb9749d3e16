import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import { layoutOf } from '../../../engine/rows/column-batch.js';
import type { Cell, Column, LogicalType } from '../../../engine/rows/types.js';
import { duckdbTypeOf } from '../../../engine/transform/duckdb-types.js';
import { quoteDuckdb } from '../../../engine/transform/sql-text.js';

/** Creates table `t` anew with the rows, handed over as DuckDB's own values, so that no text is involved. */
export async function fillDuckdb(
  connection: DuckDBConnection,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const declared = columns.map(({ name, type }) => `${quoteDuckdb(name)} ${duckdbTypeOf(type)}`);
  await connection.run(`CREATE OR REPLACE TABLE t (${declared.join(', ')})`);
  const appender = await connection.createAppender('t');
  for (const cells of rows) {
    for (const [index, { type }] of columns.entries()) append(appender, type, cells[index] ?? null);
    appender.endRow();
  }
  appender.closeSync();
}

/** The appender converts whole numbers to the column's width. */
function append(appender: DuckDBAppender, type: LogicalType, cell: Cell): void {
  if (cell === null) appender.appendNull();
  else if (type.kind === 'bytes') appender.appendBlob(cell as Uint8Array);
  else if (layoutOf(type) === 'var') appender.appendVarchar(cell as string);
  else if (type.kind === 'bool') appender.appendBoolean(cell as boolean);
  else if (layoutOf(type) === 'f32') appender.appendFloat(cell as number);
  else if (layoutOf(type) === 'f64') appender.appendDouble(cell as number);
  else if (type.kind === 'date') appender.appendDate(new DuckDBDateValue(cell as number));
  else if (type.kind === 'int') appender.appendBigInt(BigInt(cell as bigint));
  else if (type.kind === 'decimal')
    appender.appendDecimal(new DuckDBDecimalValue(cell as bigint, type.precision, type.scale));
  else appender.appendTimestamp(new DuckDBTimestampValue(cell as bigint));
}
