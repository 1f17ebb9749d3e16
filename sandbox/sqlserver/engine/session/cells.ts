import {
  DuckDBBlobVector,
  type DuckDBDataChunk,
  DuckDBDateVector,
  DuckDBDecimal16Vector,
  DuckDBDecimal32Vector,
  DuckDBDecimal64Vector,
  DuckDBDecimal128Vector,
  DuckDBTimestampVector,
  DuckDBTimeVector,
  DuckDBVarCharVector,
  type DuckDBVector,
} from '@duckdb/node-api';
import { asSent } from '../half-pairs.js';
import type { Cell } from '../types.js';

/** The cells of a DuckDB chunk, column by column, as the seam wants them (see `Cell`). */
export function cellsOf(chunk: DuckDBDataChunk): readonly (readonly Cell[])[] {
  const columns: Cell[][] = [];
  for (let index = 0; index < chunk.columnCount; index++)
    columns.push(columnCells(chunk.getColumnVector(index)));
  return columns;
}

function columnCells(vector: DuckDBVector): Cell[] {
  const count = vector.itemCount;
  const cells = new Array<Cell>(count);
  if (
    vector instanceof DuckDBDecimal64Vector ||
    vector instanceof DuckDBDecimal32Vector ||
    vector instanceof DuckDBDecimal16Vector ||
    vector instanceof DuckDBDecimal128Vector
  ) {
    for (let row = 0; row < count; row++) {
      const value = vector.getScaledValue(row);
      cells[row] = typeof value === 'number' ? BigInt(value) : value;
    }
  } else if (vector instanceof DuckDBTimestampVector || vector instanceof DuckDBTimeVector) {
    for (let row = 0; row < count; row++) cells[row] = vector.getItem(row)?.micros ?? null;
  } else if (vector instanceof DuckDBDateVector) {
    for (let row = 0; row < count; row++) cells[row] = vector.getItem(row)?.days ?? null;
  } else if (vector instanceof DuckDBBlobVector) {
    for (let row = 0; row < count; row++) cells[row] = vector.getItem(row)?.bytes ?? null;
  } else if (vector instanceof DuckDBVarCharVector) {
    for (let row = 0; row < count; row++) {
      const text = vector.getItem(row);
      cells[row] = text === null ? null : asSent(text);
    }
  } else {
    // Booleans, integers and floats are already what they should be.
    for (let row = 0; row < count; row++) cells[row] = vector.getItem(row) as Cell;
  }
  return cells;
}
