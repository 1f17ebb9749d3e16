import type { ColumnVector } from '../../../rows/column-batch.js';
import type { CellDecoder, CellOptions, WireColumn } from '../cell-decoder.js';
import { binaryWriter } from './binary-writer.js';
import { plpDecoder } from './plp.js';
import { shortValueDecoder } from './short-value.js';
import { vectorOf } from './vectors.js';

/** binary, varbinary and varbinary(max) (MS-TDS 2.2.5.4.3, 2.2.5.4.4); rowversion travels as binary(8). */
export function binaryDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const write = binaryWriter(vectorOf(vector, 'var'));
  return column.length === Number.POSITIVE_INFINITY
    ? plpDecoder(column, vector, options, write)
    : shortValueDecoder(column, vector, options, write);
}
