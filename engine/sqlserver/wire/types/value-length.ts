import type { MigrationError } from '../../../errors.js';
import { type CellOptions, unrepresentable, type WireColumn } from '../cell-decoder.js';

/** For a value beyond `maxValueBytes`, on the wire or as UTF-8; thrown before memory is taken for it. */
export function tooLong(column: WireColumn, options: CellOptions, row: number): MigrationError {
  return unrepresentable(
    column,
    options,
    row,
    `a value of more than ${options.maxValueBytes} bytes, which is the limit for one ("maxValue" in the category file)`,
  );
}
