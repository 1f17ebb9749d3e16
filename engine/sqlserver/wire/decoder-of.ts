import { MigrationError } from '../../errors.js';
import type { ColumnVector } from '../../rows/column-batch.js';
import type { CellDecoder, CellOptions, WireColumn } from './cell-decoder.js';
import { fixedDecoders } from './types/fixed.js';
import { variableDecoders } from './types/variable.js';

/**
 * The decoder of a column of any type.
 * @throws MigrationError SOURCE_TYPE for one that has none; what the type's own factory throws (an unknown collation)
 */
export function decoderOf(column: WireColumn, vector: ColumnVector, options: CellOptions): CellDecoder {
  const factory = fixedDecoders.get(column.typeId) ?? variableDecoders.get(column.typeId);
  if (factory === undefined) {
    throw new MigrationError(
      'SOURCE_TYPE',
      `Column ${column.name}: type 0x${column.typeId.toString(16)} cannot be read.`,
    );
  }
  return factory(column, vector, options);
}
