import type { ColumnDefinition } from '../definition.js';
import { unsupported } from '../errors.js';
import { child, list, type Node, optional, refuseUnknown, type Tagged, text } from '../parse/ast.js';
import { quoteName } from '../quoting.js';
import { nextRowversion } from '../storage.js';
import { SqlServerError } from '../types.js';
import { create, drop } from './define.js';
import { type Env, Scope } from './env.js';
import type { Expr } from './expr.js';
import { assigned, value } from './expression.js';
import { columnExpr, tableName } from './from.js';
import type { Plan } from './plan.js';
import { predicate } from './predicate.js';
import { translateQuery } from './query.js';
import { isChar } from './sql-types.js';
import { columnOf, type Target, targetOf } from './target.js';
import { storedLength } from './text-fit.js';

/** Translates one parsed statement. */
export function plan({ kind, body }: Tagged, env: Env): Plan {
  switch (kind) {
    case 'insert':
      return insert(body, env);
    case 'update':
      return update(body, env);
    case 'delete':
      return remove(body, env);
    case 'truncate': {
      refuseUnknown(body, 'TRUNCATE TABLE', ['target', 'table']);
      const target = targetOf(child(body, 'table'), env);
      return {
        kind: 'write',
        command: 'other',
        sql: `DELETE FROM ${tableName(target.database, target.table)}`,
      };
    }
    case 'create_table':
      return create(body, env);
    case 'drop_table':
      return drop(body, env);
    case 'create_index':
    case 'create_view':
    case 'create_schema':
      throw unsupported(kind.replace('_', ' ').toUpperCase());
  }
  return { kind: 'query', query: translateQuery({ [kind]: body }, undefined, env) };
}

// An assignment that would cut a string is an error, where CAST cuts silently.
function stored(source: Expr, { type }: ColumnDefinition): string {
  const sql = assigned(source, type);
  const bounded = isChar(type) && type.length !== 'max' && isChar(source.type);
  if (!bounded || source.sql === 'NULL') return sql;
  if (source.type.length !== 'max' && source.type.length <= Number(type.length)) return sql;
  return `if(${storedLength(`rtrim(${source.sql}, ' ')`, type)} > ${type.length}, CAST(error('tsql:2628') AS VARCHAR), ${sql})`;
}

function insert(body: Node, env: Env): Plan {
  refuseUnknown(body, 'INSERT', ['table', 'columns', 'values', 'query']);
  const target = targetOf(child(body, 'table'), env);
  const named = list(body, 'columns').map((column) => columnOf(target, text(column, 'name') ?? ''));
  const columns = named.length > 0 ? named : target.table.columns;
  if (columns.some(isRowversion)) throw explicitRowversion();
  const query = optional(body, 'query');
  const source = query ? insertedQuery(query, columns, env) : insertedValues(body, columns, env);
  const own = target.table.columns.filter(isRowversion);
  const names = [...columns, ...own].map((column) => quoteName(column.name)).join(', ');
  const rows =
    own.length === 0 ? source : `SELECT *, ${nextRowversion(target.database.name)} FROM (${source}) r`;
  const sql = `INSERT INTO ${tableName(target.database, target.table)} (${names}) ${rows}`;
  return { kind: 'write', command: 'insert', sql, ...keyCheck(target) };
}

const isRowversion = ({ type }: ColumnDefinition): boolean => type.name === 'rowversion';

const explicitRowversion = (): SqlServerError =>
  new SqlServerError(
    273,
    'Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.',
  );

const keyCheck = (target: Target): { readonly checkKey?: Target } =>
  target.table.primaryKey.length > 0 ? { checkKey: target } : {};

function insertedQuery(node: Node, columns: readonly ColumnDefinition[], env: Env): string {
  const query = translateQuery(node, undefined, env);
  checkWidth(query.columns.length, columns.length);
  const alias = env.alias();
  const cells = columns.map((column, index) => {
    const own = query.columns[index];
    return own ? stored(columnExpr(`${alias}.c${index + 1}`, own.type, own.nullable), column) : 'NULL';
  });
  return `SELECT ${cells.join(', ')} FROM (${query.sql}) ${alias}`;
}

function insertedValues(body: Node, columns: readonly ColumnDefinition[], env: Env): string {
  const scope = new Scope([], [], undefined);
  const rows = (body.values as readonly (readonly Node[])[]).map((row) => {
    checkWidth(row.length, columns.length);
    return `(${columns.map((column, index) => stored(value(row[index] as Node, scope, env), column)).join(', ')})`;
  });
  return `VALUES ${rows.join(', ')}`;
}

function checkWidth(given: number, expected: number): void {
  if (given > expected) {
    throw new SqlServerError(
      110,
      'There are more columns in the INSERT statement than values specified in the VALUES clause.',
      15,
    );
  }
  if (given !== expected) {
    throw new SqlServerError(
      213,
      'Column name or number of supplied values does not match table definition.',
    );
  }
}

function targetScope({ table }: Target, alias: string, names: readonly string[]): Scope {
  const columns = table.columns.map((column) => ({
    name: column.name,
    expr: columnExpr(`${alias}.${quoteName(column.name)}`, column.type, column.nullable),
  }));
  return new Scope([{ names, columns }], [], undefined);
}

const whereOf = (body: Node, scope: Scope, env: Env): string => {
  const where = optional(body, 'where_clause');
  return where ? ` WHERE ${predicate(child(where, 'this'), scope, env, value)}` : '';
};

function update(body: Node, env: Env): Plan {
  refuseUnknown(body, 'UPDATE', ['table', 'set', 'where_clause']);
  const target = targetOf(child(body, 'table'), env);
  const alias = env.alias();
  const scope = targetScope(target, alias, [target.table.name, target.table.schema, target.database.name]);
  const pairs = body.set as readonly (readonly [Node, Node])[];
  const columns = pairs.map(([name]) => columnOf(target, text(name, 'name') ?? ''));
  const sets = pairs.map(([, node], index) => {
    const column = columns[index] as ColumnDefinition;
    if (isRowversion(column)) throw new SqlServerError(272, 'Cannot update a timestamp column.');
    return `${quoteName(column.name)} = ${stored(value(node, scope, env), column)}`;
  });
  for (const { name } of target.table.columns.filter(isRowversion)) {
    sets.push(`${quoteName(name)} = ${nextRowversion(target.database.name)}`);
  }
  const sql = `UPDATE ${tableName(target.database, target.table)} AS ${alias} SET ${sets.join(', ')}${whereOf(body, scope, env)}`;
  const keys = target.table.primaryKey.map((name) => name.toLowerCase());
  const touchesKey = columns.some((column) => keys.includes(column.name.toLowerCase()));
  return { kind: 'write', command: 'update', sql, ...(touchesKey ? keyCheck(target) : {}) };
}

function remove(body: Node, env: Env): Plan {
  refuseUnknown(body, 'DELETE', ['table', 'where_clause', 'no_from']);
  const target = targetOf(child(body, 'table'), env);
  const alias = env.alias();
  const scope = targetScope(target, alias, [target.table.name, target.table.schema, target.database.name]);
  const sql = `DELETE FROM ${tableName(target.database, target.table)} AS ${alias}${whereOf(body, scope, env)}`;
  return { kind: 'write', command: 'delete', sql };
}
