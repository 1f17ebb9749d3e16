import { MigrationError } from '../errors.js';
import type { Queryable, TargetClient } from './connection.js';
import { quoteName } from './names.js';

type Access = 'usable' | 'creatable' | 'forbidden' | 'missing';

/** Throws TARGET_PERMISSION naming the missing grant when the role cannot create tables in the schema. */
export async function requireSchema(
  db: Queryable,
  schema: string,
  options: { readonly mayBeCreated: boolean },
): Promise<void> {
  const access = await accessTo(db, schema);
  if (access !== 'usable' && !(access === 'creatable' && options.mayBeCreated))
    throw noAccess(schema, access);
}

/**
 * Creates a schema where it is missing. CREATE SCHEMA IF NOT EXISTS asks for CREATE on the database even where
 * the schema exists, which the product's role does not have; so look first.
 */
export async function ensureSchema(client: TargetClient, schema: string): Promise<void> {
  const access = await accessTo(client, schema);
  if (access === 'creatable') await client.query(`CREATE SCHEMA ${quoteName(schema)}`);
  else if (access !== 'usable') throw noAccess(schema, access);
}

async function accessTo(db: Queryable, schema: string): Promise<Access> {
  const { rows } = await db.query<{ access: Access }>(
    `SELECT CASE WHEN n.oid IS NOT NULL AND has_schema_privilege(n.oid, 'USAGE')
                      AND has_schema_privilege(n.oid, 'CREATE') THEN 'usable'
                 WHEN n.oid IS NOT NULL THEN 'forbidden'
                 WHEN has_database_privilege(current_database(), 'CREATE') THEN 'creatable'
                 ELSE 'missing' END AS access
       FROM (SELECT $1::text AS name) AS wanted LEFT JOIN pg_namespace n ON n.nspname = wanted.name`,
    [schema],
  );
  return rows[0]?.access ?? 'missing';
}

function noAccess(schema: string, access: Access): MigrationError {
  const name = quoteName(schema);
  return new MigrationError(
    'TARGET_PERMISSION',
    `Schema '${schema}' ${access === 'forbidden' ? 'may not be used and created in by this role' : 'does not exist'}. ` +
      `Have an administrator run: CREATE SCHEMA IF NOT EXISTS ${name}; GRANT USAGE, CREATE ON SCHEMA ${name} TO <role>; ` +
      'see docs/target-permissions.md.',
  );
}
