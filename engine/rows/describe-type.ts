import type { LogicalType } from './types.js';

/** A logical type for a message: `timestamp(7)`, `decimal(11, 3)`, `uuid`. */
export function describeType(type: LogicalType): string {
  const { kind, ...rest } = type;
  const details = Object.values(rest);
  return details.length === 0 ? kind : `${kind}(${details.join(', ')})`;
}
