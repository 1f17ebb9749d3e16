import { MigrationError } from '../engine/errors.js';
import type { CategoryFile } from './schema/category-file.js';
import type { Target } from './schema/target.js';

/**
 * Throws CONFIG_INVALID where a target cannot be read once for all windows. Ranges are read at different moments: a row
 * that changed its date between two of them would be lost, or there twice. `at` names a field of the target.
 */
export function checkOnePass(
  { chunk, path, columns, transform }: Target,
  consistency: CategoryFile['consistency'],
  file: string,
  at: (field: string) => string,
): void {
  if (!chunk.onePass) return;
  const refuse = (why: string): MigrationError =>
    new MigrationError('CONFIG_INVALID', `${at('chunk.onePass')} is true and ${why}.`);
  if (chunk.by !== 'date')
    throw refuse(`chunk.by is "${chunk.by}"; allowed: chunk.by "date", or onePass false`);
  if (path !== 'staged')
    throw refuse(
      `path is "${path}"; allowed: path "staged", as the rows of a window come together in a bucket`,
    );
  if (consistency !== 'quiesced')
    throw refuse(
      `${file}: field 'consistency' is "${consistency}"; allowed: "quiesced" (nobody writes while the category runs), as ranges are read at different moments`,
    );
  const replacing = columns.findIndex(({ policy }) => policy === 'replace');
  if (transform === undefined && replacing >= 0)
    throw refuse(
      `${at(`columns.${replacing}.policy`)} is "replace"; allowed: no policy "replace", as one reading cannot tell in which window a text was mended`,
    );
}
