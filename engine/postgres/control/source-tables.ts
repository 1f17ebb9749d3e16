import type { Column } from '../../rows/types.js';
import type { Queryable } from '../connection.js';

/** A source table as the run's check found it; databases of one category may differ in types. */
export interface PlannedSource {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly (Column & { readonly sourceType: string; readonly collation?: string })[];
  /** Whether the source's own HASHBYTES gives the canonical hash; else the reader's takes its place. */
  readonly serverHash: boolean;
}

interface SourceScope {
  readonly target: string;
  readonly server: string;
  readonly database: string;
}

/** Keeps what the check found of one database's tables, in the order of the target's sources. */
export async function recordSourceTables(
  db: Queryable,
  runId: string,
  { target, server, database }: SourceScope,
  sources: readonly PlannedSource[],
): Promise<void> {
  await db.query(
    `INSERT INTO migration_control.source_table
       (run_id, target, server, database, position, schema_name, table_name, columns, server_hash)
     SELECT $1, $2, $3, $4, p.* FROM unnest($5::int[], $6::text[], $7::text[], $8::jsonb[], $9::boolean[]) AS p
     ON CONFLICT (run_id, target, server, database, position) DO UPDATE SET
       schema_name = excluded.schema_name, table_name = excluded.table_name,
       columns = excluded.columns, server_hash = excluded.server_hash`,
    [
      runId,
      target,
      server,
      database,
      sources.map((_, position) => position),
      sources.map(({ schema }) => schema),
      sources.map(({ table }) => table),
      sources.map(({ columns }) => JSON.stringify(columns)),
      sources.map(({ serverHash }) => serverHash),
    ],
  );
}

export async function listSourceTables(
  db: Queryable,
  runId: string,
  { target, server, database }: SourceScope,
): Promise<readonly PlannedSource[]> {
  const { rows } = await db.query<PlannedSource & { readonly position: number }>(
    `SELECT schema_name AS "schema", table_name AS "table", columns, server_hash AS "serverHash"
       FROM migration_control.source_table
      WHERE run_id = $1 AND target = $2 AND server = $3 AND database = $4 ORDER BY position`,
    [runId, target, server, database],
  );
  return rows;
}
