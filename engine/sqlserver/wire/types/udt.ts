import type { ColumnVector } from '../../../rows/column-batch.js';
import type { CellDecoder, CellOptions, WireColumn } from '../cell-decoder.js';
import { binaryWriter } from './binary-writer.js';
import { plpDecoder } from './plp.js';
import { vectorOf } from './vectors.js';

/**
 * hierarchyid, geography, geometry and other CLR types (MS-TDS 2.2.5.5.2): the bytes of their own serialization
 * (MS-SSCLRT), as PLP whatever their declared size.
 */
export function udtDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  return plpDecoder(column, vector, options, binaryWriter(vectorOf(vector, 'var')));
}
