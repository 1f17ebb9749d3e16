import { layoutOf } from '../rows/column-batch.js';
import { describeType } from '../rows/describe-type.js';
import type { LogicalType } from '../rows/types.js';

/**
 * Whether DuckDB finds the same values of two columns equal as SQL Server does (texts: but for the collation). What
 * rests as text compares by its bytes, so it needs one type; and its equal instants have one text for each offset. A
 * text beside another type is cast to it, and then matches what it is not: '1.5' the integer 2, a time of seven digits
 * one of six, the text \x41 the bytes of A.
 */
export function compareAlike(left: LogicalType, right: LogicalType): boolean {
  return left.kind !== 'offsetTimestamp' && familyOf(left) === familyOf(right);
}

/** Types of one family are widened without a change, or rounded as SQL Server does (an exact number to a float). */
function familyOf(type: LogicalType): string {
  switch (type.kind) {
    case 'bool':
    case 'int':
    case 'decimal':
    case 'float':
      return 'number';
    case 'date':
      return 'timestamp';
    case 'time':
    case 'timestamp':
      return layoutOf(type) === 'var' ? describeType(type) : type.kind;
    default:
      return type.kind;
  }
}
