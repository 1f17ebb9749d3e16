import { encode } from 'iconv-lite';
import type { Policy } from '../../../engine/rows/fits.js';

/** One value on its way into a column of PostgreSQL. */
interface CrossingValue {
  /** T-SQL expression. */
  readonly literal: string;
  /** The text that PostgreSQL gives of it, in UTC; undefined for one that the column cannot hold. */
  readonly shown?: string;
  /** Whether the column's policy has changed it. */
  readonly changed: boolean;
  /** Why the column cannot hold it, and how its quarantine file writes it. */
  readonly refused?: { readonly reason: string; readonly text: string };
}

/** A source column, the column of PostgreSQL that it is copied into, and what becomes of its values there. */
export interface Crossing {
  /** Of both columns. */
  readonly name: string;
  readonly declaration: string;
  /** Declared type of the target's column; undefined for the one that the product has for the source's. */
  readonly into?: string;
  readonly policy?: Policy;
  readonly values: readonly CrossingValue[];
}

const quote = (text: string): string => `N'${text.replaceAll("'", "''")}'`;
export const kept = (text: string, shown = text): CrossingValue => ({
  literal: quote(text),
  shown,
  changed: false,
});
export const changed = (text: string, shown: string): CrossingValue => ({
  literal: quote(text),
  shown,
  changed: true,
});
export const refused = (text: string, reason: string, written = text): CrossingValue => ({
  literal: quote(text),
  changed: false,
  refused: { reason, text: written },
});
/** What cannot stand in a literal, U+0000 and half of a surrogate pair, by its number. */
export const spelled = (value: CrossingValue): CrossingValue => ({
  ...value,
  literal: value.literal.replace(/\0|\p{Surrogate}/gu, (unit) => `' + NCHAR(${unit.charCodeAt(0)}) + N'`),
});
/** Kept as the bytes of what the source makes of it. */
export const encoded = (text: string, encoding = 'utf16le', stored = text): CrossingValue =>
  spelled(kept(text, `\\x${encode(stored, encoding).toString('hex')}`));

export function crossing(
  declaration: string,
  into: string,
  policy: Policy | undefined,
  ...values: readonly CrossingValue[]
): Crossing {
  const name = [declaration, 'as', into, ...(policy === undefined ? [] : ['by', policy])].join(' ');
  return {
    name: nameOf(name),
    declaration,
    into,
    ...(policy !== undefined && { policy }),
    values,
  };
}

/** Within the 63 bytes of a name in PostgreSQL. */
const nameOf = (text: string): string =>
  text.replace(' COLLATE', '').replace(/\W+/g, '_').replace(/_$/, '').toLowerCase();
