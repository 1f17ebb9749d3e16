import type { CatalogTable, Database, Server } from './catalog.js';

/** Splits `[a].[b c]`, `a.b`, `db..t` into its parts, outermost first; missing middle parts are ''. */
export function nameParts(text: string): readonly string[] {
  const parts = text.match(/\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*"|[^.[\]"]+|(?<=\.)(?=\.)/g) ?? [];
  return parts.map((part) => {
    const trimmed = part.trim();
    if (trimmed.startsWith('[')) return trimmed.slice(1, -1).replaceAll(']]', ']');
    return trimmed.startsWith('"') ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed;
  });
}

/** The table that a one-, two- or three-part name means in a database. */
export function objectNamed(
  text: string,
  where: { readonly server: Server; readonly database: Database },
): CatalogTable | undefined {
  const [name, schema, database] = [...nameParts(text)].reverse();
  if (name === undefined) return undefined;
  const home = database === undefined ? where.database : where.server.database(database);
  return home?.table(schema || 'dbo', name);
}
