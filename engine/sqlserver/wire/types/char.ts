import type { ColumnVector } from '../../../rows/column-batch.js';
import type { CellDecoder, CellOptions, WireColumn } from '../cell-decoder.js';
import { textWriter } from './char-writer.js';
import { plpDecoder } from './plp.js';
import { shortValueDecoder } from './short-value.js';
import { vectorOf } from './vectors.js';

/**
 * char, varchar, nchar, nvarchar and both `max` types (MS-TDS 2.2.5.4.3, 2.2.5.4.4). Also json and vector, which come
 * as varchar(max) or nvarchar(max) to a client that did not announce JSONSUPPORT or VECTORSUPPORT at login (2.2.6.4).
 * @throws MigrationError SOURCE_TYPE for an unknown collation
 */
export function charDecoder(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const write = textWriter(column, vectorOf(vector, 'var'), options);
  return column.length === Number.POSITIVE_INFINITY
    ? plpDecoder(column, vector, options, write)
    : shortValueDecoder(column, vector, options, write);
}
