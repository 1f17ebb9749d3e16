import type { ColumnVector } from '../column-batch.js';

/**
 * Writes the fields of one column in rows `from` up to `to`, each at its row's place `at[row]`, which is moved behind it.
 * A loop over one column at a time, as a call for each cell would cost more than its digits.
 */
export type FieldWriter = (
  column: ColumnVector,
  from: number,
  to: number,
  bytes: Uint8Array,
  at: Int32Array,
) => void;

export const semicolon = 59;
const tilde = 126;

export function putNull(bytes: Uint8Array, at: number): number {
  bytes[at] = tilde;
  bytes[at + 1] = semicolon;
  return at + 2;
}
