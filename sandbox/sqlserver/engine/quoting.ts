/** A DuckDB identifier, quoted. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A DuckDB string literal; U+0000 cannot stand in SQL text, which DuckDB takes as a C string. */
export function quoteText(value: string): string {
  const literal = (part: string): string => `'${part.replaceAll("'", "''")}'`;
  return value.includes('\0') ? `(${value.split('\0').map(literal).join(' || chr(0) || ')})` : literal(value);
}

/** A DuckDB blob literal. */
export const quoteBytes = (value: Uint8Array): string => `unhex('${Buffer.from(value).toString('hex')}')`;
