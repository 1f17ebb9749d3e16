import { MigrationError } from '../../../errors.js';
import type { ColumnVector, Layout } from '../../../rows/column-batch.js';

type Holding<L extends Layout, V = ColumnVector> = V extends { readonly layout: Layout }
  ? [Extract<V['layout'], L>] extends [never]
    ? never
    : V & { readonly layout: L }
  : never;

/**
 * The vector as one of the layouts that its type's decoder writes.
 * @throws MigrationError INTERNAL when the batch was made for another type
 */
export function vectorOf<L extends Layout>(vector: ColumnVector, ...layouts: readonly L[]): Holding<L> {
  if (!layouts.some((layout) => layout === vector.layout)) {
    throw new MigrationError(
      'INTERNAL',
      `A ${vector.layout} vector where ${layouts.join(' or ')} is decoded.`,
    );
  }
  return vector as Holding<L>;
}
