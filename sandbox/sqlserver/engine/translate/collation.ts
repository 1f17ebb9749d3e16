import { invalidCollation } from '../errors.js';

/** How strings of a collation compare, and which bytes they have as (var)char. */
export interface Collation {
  readonly name: string;
  readonly caseSensitive: boolean;
  readonly accentSensitive: boolean;
  readonly utf8: boolean;
}

export const defaultCollation = 'SQL_Latin1_General_CP1_CI_AS';

const known =
  /^(SQL_Latin1_General_CP1|Latin1_General(?:_100)?)_(?:(BIN2?)|(CI|CS)_(AI|AS)(?:_KS)?(?:_WS)?(?:_SC)?)(_UTF8)?$/i;

/**
 * Reads a collation's name. Only Latin-1 (code page 1252) and UTF-8 ones are offered: another code page must
 * never be taken for 1252. Throws 448.
 */
export function collationOf(name: string): Collation {
  const match = known.exec(name);
  if (!match) throw invalidCollation(name);
  const binary = match[2] !== undefined;
  return {
    name,
    caseSensitive: binary || match[3]?.toUpperCase() === 'CS',
    accentSensitive: binary || match[4]?.toUpperCase() === 'AS',
    utf8: match[5] !== undefined,
  };
}

/**
 * SQL that maps a string to a key that is equal for equal strings: trailing blanks are ignored in every
 * collation, case and accents as the collation says.
 */
export function comparisonKey(sql: string, name: string): string {
  const collation = collationOf(name);
  const trimmed = `rtrim(${sql}, ' ')`;
  const cased = collation.caseSensitive ? trimmed : `lower(${trimmed})`;
  return collation.accentSensitive ? cased : `strip_accents(${cased})`;
}
