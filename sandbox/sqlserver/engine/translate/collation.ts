import { type CodePage, collationNamed } from '../../collations.js';

/** How strings of a collation compare, and which bytes they have as (var)char. */
export interface Collation {
  readonly name: string;
  readonly caseSensitive: boolean;
  readonly accentSensitive: boolean;
  readonly codePage: CodePage;
  readonly utf8: boolean;
}

/** Reads a collation's name. Throws 448 for one that is not offered. */
export function collationOf(name: string): Collation {
  const collation = collationNamed(name);
  return { ...collation, utf8: collation.codePage === 'utf8' };
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
