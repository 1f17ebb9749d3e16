import { nameParts, objectNamed } from '../catalog/names.js';
import { allTypes } from '../catalog/type-facts.js';
import type { DenyDefinition } from '../definition.js';
import { unsupported } from '../errors.js';
import { quoteText } from '../quoting.js';
import type { Cell, SqlType } from '../types.js';
import type { BuiltIn } from './built-in.js';
import type { Env } from './env.js';
import { type Expr, expr, literal } from './expr.js';

const int: SqlType = { name: 'int' };
const typeNames = allTypes.map(([name, { userTypeId }]) => [userTypeId, name] as const);
const sysname = (env: Env): SqlType => ({ name: 'nvarchar', length: 128, collation: env.database.collation });

function constantText(value: Expr | undefined, name: string): string | null {
  if (value?.constant === null) return null;
  if (typeof value?.constant !== 'string') throw unsupported(`${name} with an argument that is no constant`);
  return value.constant;
}

const answer = (value: Cell | undefined, type: SqlType): Expr => ({
  ...literal(value ?? null, type),
  nullable: true,
});

/** id -> name as a CASE over the ids that exist, so that it works on columns. */
function nameOf(id: Expr, names: readonly (readonly [number, string])[], env: Env): Expr {
  const whens = names.map(([key, name]) => `WHEN ${key} THEN ${quoteText(name)}`);
  const sql = whens.length ? `CASE ${id.sql} ${whens.join(' ')} END` : 'CAST(NULL AS VARCHAR)';
  return { ...expr(sql, sysname(env), true), label: 'implicit' };
}

const properties = (env: Env): Readonly<Record<string, string | number>> => ({
  productversion: env.server.productVersion,
  productmajorversion: env.server.productVersion.split('.')[0] ?? '',
  productlevel: 'RTM',
  edition: 'Developer Edition (64-bit)',
  engineedition: 3,
  isclustered: 0,
  ishadrenabled: 0,
  servername: env.server.name,
  machinename: env.server.name,
  collation: env.database.collation,
});

function serverProperty(name: Expr | undefined, env: Env): Expr {
  const found = properties(env)[(constantText(name, 'SERVERPROPERTY') ?? '').toLowerCase()];
  // The real type is sql_variant, which is not offered: int or nvarchar(128), as the property is documented.
  return answer(found, typeof found === 'number' ? int : sysname(env));
}

/** Permissions that came later (docs: "Permissions"), with the major version that brought them. */
const newerPermissions: Readonly<Record<string, number>> = {
  'OBJECT UNMASK': 16,
  'DATABASE VIEW DATABASE PERFORMANCE STATE': 16,
};

// Every login may do everything but what the definition denies. Docs: a database is named by one part; NULL is this one.
function hasPermission(args: readonly Expr[], env: Env): Expr {
  const [securable, , permission] = args;
  const name = (constantText(permission, 'HAS_PERMS_BY_NAME') ?? '').toUpperCase();
  const object = constantText(securable, 'HAS_PERMS_BY_NAME');
  const kind = args[1]?.constant === null ? '' : String(args[1]?.constant).toUpperCase();
  const table = kind === 'OBJECT' && object !== null ? objectNamed(object, env) : undefined;
  if (kind === 'OBJECT' && table === undefined) return answer(null, int);
  if (kind === 'DATABASE' && object !== null) {
    const [part, more] = nameParts(object);
    if (more !== undefined || !env.server.database(part ?? '')) return answer(null, int);
  }
  const major = Number(env.server.productVersion.split('.')[0]);
  if (major < (newerPermissions[`${kind} ${name}`] ?? 0)) return answer(null, int);
  // VIEW DATABASE PERFORMANCE STATE is a part of VIEW DATABASE STATE.
  const asked = name.replace(' PERFORMANCE', '') as DenyDefinition['permission'];
  return answer(env.server.may(env.facts.login, asked, table) ? 1 : 0, int);
}

export const metadataFunctions: Readonly<Record<string, BuiltIn>> = {
  DB_NAME: {
    min: 0,
    max: 1,
    build: ([id], env) =>
      id
        ? nameOf(
            id,
            env.server.databases.map((database) => [database.id, database.name] as const),
            env,
          )
        : literal(env.database.name, sysname(env)),
  },
  DB_ID: {
    min: 0,
    max: 1,
    build: ([name], env) => {
      const database = name ? env.server.database(constantText(name, 'DB_ID') ?? '') : env.database;
      return answer(database?.id, int);
    },
  },
  OBJECT_ID: {
    min: 1,
    max: 2,
    build: ([name, type], env) => {
      const text = constantText(name, 'OBJECT_ID');
      const kind = type ? constantText(type, 'OBJECT_ID') : 'U';
      const found = text !== null && kind?.trim().toUpperCase() === 'U' ? objectNamed(text, env) : undefined;
      return answer(found?.objectId, int);
    },
  },
  OBJECT_NAME: {
    min: 1,
    max: 1,
    build: ([id], env) =>
      nameOf(
        id as Expr,
        env.database.tables.map((table) => [table.objectId, table.name] as const),
        env,
      ),
  },
  OBJECT_SCHEMA_NAME: {
    min: 1,
    max: 1,
    build: ([id], env) =>
      nameOf(
        id as Expr,
        env.database.tables.map((table) => [table.objectId, table.schema] as const),
        env,
      ),
  },
  SCHEMA_NAME: {
    min: 0,
    max: 1,
    build: ([id], env) =>
      id
        ? nameOf(
            id,
            env.database.schemas.map((schema) => [schema.id, schema.name] as const),
            env,
          )
        : literal('dbo', sysname(env)),
  },
  SCHEMA_ID: {
    min: 0,
    max: 1,
    build: ([name], env) => {
      const text = name ? constantText(name, 'SCHEMA_ID') : 'dbo';
      return answer(env.database.schemas.find((s) => s.name.toLowerCase() === text?.toLowerCase())?.id, int);
    },
  },
  TYPE_NAME: { min: 1, max: 1, build: ([id], env) => nameOf(id as Expr, typeNames, env) },
  SUSER_SNAME: { min: 0, max: 0, build: (_args, env) => literal(env.facts.login, sysname(env)) },
  SUSER_NAME: { min: 0, max: 0, build: (_args, env) => literal(env.facts.login, sysname(env)) },
  ORIGINAL_LOGIN: { min: 0, max: 0, build: (_args, env) => literal(env.facts.login, sysname(env)) },
  SYSTEM_USER: { min: 0, max: 0, build: (_args, env) => literal(env.facts.login, sysname(env)) },
  USER_NAME: { min: 0, max: 0, build: (_args, env) => literal('dbo', sysname(env)) },
  HOST_NAME: { min: 0, max: 0, build: (_args, env) => literal(env.facts.hostName, sysname(env)) },
  APP_NAME: { min: 0, max: 0, build: (_args, env) => literal(env.facts.applicationName, sysname(env)) },
  SERVERPROPERTY: { min: 1, max: 1, build: ([name], env) => serverProperty(name, env) },
  HAS_PERMS_BY_NAME: { min: 3, max: 3, build: (args, env) => hasPermission(args, env) },
};
