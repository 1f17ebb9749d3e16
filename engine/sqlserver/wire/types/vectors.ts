import { MigrationError } from '../../../errors.js';
import type { ColumnVector, Layout } from '../../../rows/column-batch.js';

/**
 * The vector as one of the layout that its type's decoder writes.
 * @throws MigrationError INTERNAL when the batch was made for another type
 */
export function vectorOf<L extends Layout>(
  vector: ColumnVector,
  ...layouts: readonly L[]
): Extract<ColumnVector, { layout: L }> & { readonly layout: L } {
  if (!layouts.some((layout) => layout === vector.layout)) {
    throw new MigrationError(
      'INTERNAL',
      `A ${vector.layout} vector where ${layouts.join(' or ')} is decoded.`,
    );
  }
  return vector as Extract<ColumnVector, { layout: L }> & { readonly layout: L };
}
