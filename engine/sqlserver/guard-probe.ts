import { about, MigrationError } from '../errors.js';
import type { SourceReader } from './session.js';

/**
 * Asks a guard's query for its number. `guard` names it in errors.
 * @throws MigrationError CONFIG_INVALID where the answer is not one row with one number; SOURCE_*
 */
export async function probeGuard(
  reader: SourceReader,
  guard: string,
  sql: string,
  signal: AbortSignal,
): Promise<number> {
  const rows = await about(guard, () => reader.query<Readonly<Record<string, unknown>>>(sql, [], signal));
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw wrong(guard, `gave ${rows.length} rows`);
  const values = Object.values(row);
  if (values.length !== 1) throw wrong(guard, `gave ${values.length} columns`);
  return numberOf(values[0], guard);
}

/** A bigint comes as text; a column that is there twice, as a list. */
function numberOf(value: unknown, guard: string): number {
  if (value === null)
    throw wrong(
      guard,
      'gave NULL: the login may lack a permission that the query needs, or the query a COALESCE',
    );
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw wrong(
      guard,
      `gave a value that is no number (${Array.isArray(value) ? 'two columns' : typeof value})`,
    );
  return number;
}

function wrong(guard: string, what: string): MigrationError {
  return new MigrationError(
    'CONFIG_INVALID',
    `${guard} ${what}; its query must give one row with one number. Correct it in the category file.`,
  );
}
