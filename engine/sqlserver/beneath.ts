import { sqlFile } from '../sql-files.js';
import { qualifiedName } from './parameters.js';
import type { SourceReader } from './session.js';

/**
 * What lies beneath a view. Masks and security policies belong to base tables: the catalog's rows of the view show
 * neither, and yet it gives masked values and the rows that remain.
 */
export interface Beneath {
  readonly objectIds: readonly number[];
  /** Columns named by the view or what it uses, as `dbo.people.mail`. */
  readonly masked: readonly string[];
  readonly encrypted: readonly string[];
  /** What cannot be looked at: in another database, a synonym, CLR code. */
  readonly unknown: readonly string[];
}

interface ReferenceRow {
  readonly name: string;
  readonly schema: string | null;
  readonly table: string | null;
  readonly objectId: number | null;
  readonly type: string | null;
  readonly column: string | null;
  readonly masked: boolean | null;
  readonly encryptionType: number | null;
}

/** Views, and functions in T-SQL: inline, table-valued, scalar. */
const followed: ReadonlySet<string> = new Set(['V', 'IF', 'TF', 'FN']);

/**
 * Follows a view down to its base tables; needs VIEW DEFINITION.
 * @throws MigrationError SOURCE_*
 */
export async function lookBeneath(session: SourceReader, schema: string, view: string): Promise<Beneath> {
  const seen = new Set<number>();
  const columns: ReferenceRow[] = [];
  const unknown = new Set<string>();
  const open = [{ schema, table: view }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const params = [qualifiedName(next.schema, next.table)];
    const rows = await session.query<ReferenceRow>(sqlFile('sqlserver/referenced-entities.sql'), params);
    for (const row of rows) {
      const type = row.type?.trim() ?? '';
      if (row.objectId === null || row.schema === null || row.table === null) unknown.add(row.name);
      else if (type !== 'U' && !followed.has(type)) unknown.add(row.name);
      else {
        columns.push(row);
        if (type !== 'U' && !seen.has(row.objectId)) open.push({ schema: row.schema, table: row.table });
        seen.add(row.objectId);
      }
    }
  }
  const named = (wanted: (row: ReferenceRow) => boolean): readonly string[] => [
    ...new Set(
      columns
        .filter((row) => row.column !== null && wanted(row))
        .map((row) => `${row.schema}.${row.table}.${row.column}`),
    ),
  ];
  return {
    objectIds: [...seen],
    masked: named(({ masked }) => masked === true),
    encrypted: named(({ encryptionType }) => encryptionType !== null),
    unknown: [...unknown],
  };
}
