import type { CatalogTable, Database } from '../catalog/catalog.js';
import { objectNamed } from '../catalog/names.js';
import { referencedEntities } from '../catalog/reference-views.js';
import { systemView } from '../catalog/sys-views.js';
import { type View, type ViewContext, viewSql } from '../catalog/view.js';
import { invalidObject, selectDenied, unknownDatabase, unsupported } from '../errors.js';
import { child, identifier, list, type Node, optional, refuseUnknown, tagged, text } from '../parse/ast.js';
import { quoteName } from '../quoting.js';
import type { SqlType } from '../types.js';
import { unify } from './coercion.js';
import { type CommonTable, type Env, Scope, type Source } from './env.js';
import type { Expr } from './expr.js';
import { value } from './expression.js';
import { predicate } from './predicate.js';
import { isChar } from './sql-types.js';

interface Translated {
  readonly sql: string;
  readonly source: Source;
}

const joinKinds: Readonly<Record<string, string>> = {
  Inner: 'JOIN',
  Left: 'LEFT JOIN',
  Right: 'RIGHT JOIN',
  Full: 'FULL JOIN',
  Cross: 'CROSS JOIN',
};

const allowedHints = new Set([
  'NOLOCK',
  'READUNCOMMITTED',
  'READCOMMITTED',
  'ROWLOCK',
  'PAGLOCK',
  'HOLDLOCK',
  'SERIALIZABLE',
  'READPAST',
  'UPDLOCK',
  'XLOCK',
  'TABLOCK',
  'TABLOCKX',
  'NOWAIT',
  'READCOMMITTEDLOCK',
  'FORCESEEK',
  'FORCESCAN',
]);

/** FROM and its joins, with the scope that they open. No FROM gives an empty scope. */
export function fromClause(
  from: readonly Node[],
  joins: readonly Node[],
  tables: readonly CommonTable[],
  outer: Scope | undefined,
  env: Env,
): { readonly sql: string; readonly scope: Scope } {
  const context = new Scope([], tables, outer);
  const parts = from.map((node) => tableSource(node, context, env));
  let sql = parts.map((part) => part.sql).join(' CROSS JOIN ');
  let sources = parts.map((part) => part.source);
  for (const join of joins) {
    refuseUnknown(join, 'a join', ['this', 'on', 'kind']);
    const kind = text(join, 'kind') ?? '';
    const word = joinKinds[kind];
    if (!word) throw unsupported(`${kind} joins`);
    const right = tableSource(child(join, 'this'), context, env);
    const condition = optional(join, 'on');
    const scope = new Scope([...sources, right.source], tables, outer);
    sql += ` ${word} ${right.sql}`;
    if (condition) sql += ` ON ${predicate(condition, scope, env, value)}`;
    const outerLeft = kind === 'Right' || kind === 'Full';
    const outerRight = kind === 'Left' || kind === 'Full';
    sources = [
      ...(outerLeft ? sources.map(madeNullable) : sources),
      outerRight ? madeNullable(right.source) : right.source,
    ];
  }
  return { sql: from.length > 0 ? ` FROM ${sql}` : '', scope: new Scope(sources, tables, outer) };
}

const madeNullable = (source: Source): Source => ({
  ...source,
  columns: source.columns.map(({ name, expr }) => ({ name, expr: { ...expr, nullable: true } })),
});

function tableSource(node: Node, context: Scope, env: Env): Translated {
  const { kind, body } = tagged(node);
  if (kind === 'table') return namedTable(body, context, env);
  if (kind === 'subquery') return derivedTable(body, context, env);
  if (kind === 'alias') return tableFunction(body, context, env);
  if (kind === 'paren') return tableSource(child(body, 'this'), context, env);
  throw unsupported(`${kind.replaceAll('_', ' ')} in FROM`);
}

function namedTable(body: Node, context: Scope, env: Env): Translated {
  refuseUnknown(body, 'a table reference', ['name', 'schema', 'catalog', 'alias', 'column_aliases', 'hints']);
  checkHints(body);
  const name = identifier(body, 'name') ?? '';
  const schema = identifier(body, 'schema');
  const catalog = identifier(body, 'catalog');
  const alias = identifier(body, 'alias');
  const common = schema || catalog ? undefined : commonTable(context, name);
  const id = env.alias();
  if (common) return sourceOf(`${common.sql}`, id, [alias ?? name], common.columns);
  const database = catalog ? env.server.database(catalog) : env.database;
  if (!database) throw unknownDatabase(catalog ?? '');
  const names = alias ? [alias] : [name, schema ?? 'dbo', database.name];
  if (schema?.toLowerCase() === 'sys') return systemTable(name, database, id, names, env);
  const table = database.table(schema ?? 'dbo', name);
  if (!table) throw invalidObject([catalog, schema, name].filter(Boolean).join('.'));
  if (!env.server.may(env.facts.login, 'SELECT', table))
    throw selectDenied(table.name, database.name, table.schema);
  env.touched.add(database);
  const columns = table.columns.map((column) => ({
    name: column.name,
    expr: columnExpr(`${id}.${quoteName(column.name)}`, column.type, column.nullable),
  }));
  return { sql: `${tableName(database, table)} ${id}`, source: { names, columns } };
}

/** A table's name in DuckDB: each database is attached under its own name. */
export const tableName = (database: Database, table: CatalogTable): string =>
  [database.name, table.schema, table.name].map(quoteName).join('.');

function commonTable(scope: Scope, name: string): CommonTable | undefined {
  const found = scope.tables.find((table) => table.name.toLowerCase() === name.toLowerCase());
  return found ?? (scope.outer && commonTable(scope.outer, name));
}

export const columnExpr = (sql: string, type: SqlType, nullable: boolean): Expr => ({
  sql,
  type,
  nullable,
  ...(isChar(type) ? { label: 'implicit' } : {}),
});

const sourceOf = (
  sql: string,
  id: string,
  names: readonly string[],
  columns: CommonTable['columns'],
): Translated => ({
  sql: `${sql} ${id}`,
  source: {
    names,
    columns: columns.map((column, index) => ({
      name: column.name,
      expr: columnExpr(`${id}.c${index + 1}`, column.type, column.nullable),
    })),
  },
});

function systemTable(
  name: string,
  database: Database,
  id: string,
  names: readonly string[],
  env: Env,
): Translated {
  const view = systemView(name, viewContext(database, env));
  if (!view) throw invalidObject(`sys.${name}`);
  return viewSource(view, id, names);
}

function viewContext(database: Database, env: Env): ViewContext {
  const text: SqlType = { name: 'nvarchar', length: 128, collation: env.database.collation };
  return { server: env.server, database, text, login: env.facts.login };
}

/** The one table-valued function that is offered: sys.dm_sql_referenced_entities(name, 'OBJECT') AS alias. */
function tableFunction(body: Node, context: Scope, env: Env): Translated {
  refuseUnknown(body, 'a table-valued function', ['this', 'alias', 'alias_keyword']);
  const { kind, body: call } = tagged(child(body, 'this'));
  const [entity, type, ...more] = list(call, 'args').map(
    (argument) => value(argument, context, env).constant,
  );
  const known = kind === 'function' && text(call, 'name')?.toLowerCase() === 'sys.dm_sql_referenced_entities';
  if (!known || typeof entity !== 'string' || type !== 'OBJECT' || more.length > 0)
    throw unsupported('this table-valued function');
  const view = referencedEntities(objectNamed(entity, env), viewContext(env.database, env));
  return viewSource(view, env.alias(), [identifier(body, 'alias') ?? '']);
}

function viewSource(view: View, id: string, names: readonly string[]): Translated {
  const columns = view.columns.map(([column, type, nullable]) => ({
    name: column,
    expr: columnExpr(`${id}.${quoteName(column)}`, type, nullable === 'null'),
  }));
  return { sql: `(${viewSql(view)}) ${id}`, source: { names, columns } };
}

// NOLOCK without WITH is read by the library as a column alias.
function checkHints(body: Node): void {
  const hints = list(body, 'hints').flatMap((hint) => {
    const { kind, body: inner } = tagged(hint);
    if (kind !== 'with_table_hint') throw unsupported('this table hint');
    return list(inner, 'expressions').map(
      (item) => text(tagged(item).body, 'this') ?? text(tagged(item).body, 'name') ?? '?',
    );
  });
  const aliases = list(body, 'column_aliases').map((alias) => text(alias, 'name') ?? '?');
  for (const hint of [...hints, ...aliases]) {
    if (!allowedHints.has(hint.toUpperCase())) throw unsupported(`the table hint ${hint}`);
  }
}

function derivedTable(body: Node, context: Scope, env: Env): Translated {
  refuseUnknown(body, 'a derived table', ['this', 'alias', 'alias_keyword', 'column_aliases']);
  const inner = tagged(child(body, 'this'));
  const alias = identifier(body, 'alias');
  if (!alias) throw unsupported('a derived table without a name');
  const names = list(body, 'column_aliases').map((column) => text(column, 'name') ?? '');
  const query =
    inner.kind === 'values' ? valuesQuery(inner.body, context, env) : env.query(child(body, 'this'), context);
  const columns = query.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  return sourceOf(`(${query.sql})`, env.alias(), [alias], columns);
}

/** VALUES (…), (…) as a query with columns c1, c2, … of common types. */
export function valuesQuery(
  body: Node,
  scope: Scope,
  env: Env,
): { readonly sql: string; readonly columns: CommonTable['columns'] } {
  const rows = list(body, 'expressions').map((row) =>
    list(row, 'expressions').map((cell) => value(cell, scope, env)),
  );
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, index) => unify(rows.flatMap((row) => row[index] ?? [])));
  const lines = rows.map(
    (_, r) => `(${columns.map((column) => column.values[r]?.sql ?? 'NULL').join(', ')})`,
  );
  const names = columns.map((_, index) => `c${index + 1}`).join(', ');
  return {
    sql: `SELECT * FROM (VALUES ${lines.join(', ')}) v(${names})`,
    columns: columns.map(({ type, values }) => ({
      name: '',
      type,
      nullable: values.some((v) => v.nullable),
    })),
  };
}
