import type { ColumnDefinition } from '../definition.js';
import { unsupported } from '../errors.js';
import { child, identifier, list, type Node, refuseUnknown, tagged, text } from '../parse/ast.js';
import { SqlServerError } from '../types.js';
import type { Env } from './env.js';
import type { Plan } from './plan.js';
import { parseType } from './sql-types.js';
import { findTarget } from './target.js';

/** CREATE TABLE with columns and a primary key. Throws 2714. */
export function create(body: Node, env: Env): Plan {
  refuseUnknown(body, 'CREATE TABLE', ['name', 'columns', 'constraints']);
  const table = child(body, 'name');
  const name = identifier(table, 'name') ?? '';
  if (name.startsWith('#')) throw unsupported('temporary tables');
  if (findTarget(table, env)) {
    throw new SqlServerError(2714, `There is already an object named '${name}' in the database.`, 16, 6);
  }
  const inline: string[] = [];
  const columns = list(body, 'columns').map((column): ColumnDefinition => {
    refuseUnknown(column, 'a column definition', [
      'name',
      'data_type',
      'nullable',
      'primary_key',
      'constraint_order',
    ]);
    const columnName = identifier(column, 'name') ?? '';
    if (column.primary_key === true) inline.push(columnName);
    const nullable = column.nullable !== false && column.primary_key !== true;
    return {
      name: columnName,
      type: parseType(child(column, 'data_type'), env.database.collation, 1),
      nullable: declaredNullable(column, nullable),
    };
  });
  const primaryKey = [...inline, ...list(body, 'constraints').flatMap(keyColumns)];
  return {
    kind: 'create',
    database: env.database,
    schema: identifier(table, 'schema') ?? 'dbo',
    name,
    primaryKey,
    columns: columns.map((column) =>
      primaryKey.includes(column.name) ? { ...column, nullable: false } : column,
    ),
  };
}

const declaredNullable = (column: Node, otherwise: boolean): boolean => {
  const constraints = column.constraint_order;
  return Array.isArray(constraints) && constraints.includes('NotNull') ? false : otherwise;
};

function keyColumns(constraint: Node): readonly string[] {
  const { kind, body } = tagged(constraint);
  if (kind !== 'PrimaryKey') throw unsupported(`the constraint ${kind}`);
  return list(body, 'columns').map((column) => (text(column, 'name') ?? '').replace(/\s+(asc|desc)$/i, ''));
}

/** DROP TABLE of one table. Throws 3701. */
export function drop(body: Node, env: Env): Plan {
  refuseUnknown(body, 'DROP TABLE', ['names', 'if_exists']);
  const [name, second] = list(body, 'names');
  if (!name || second) throw unsupported('DROP TABLE of several tables');
  const target = findTarget(name, env);
  if (!target && body.if_exists !== true) {
    throw new SqlServerError(
      3701,
      `Cannot drop the table '${identifier(name, 'name') ?? ''}', because it does not exist or you do not have permission.`,
      11,
      5,
    );
  }
  return { kind: 'drop', target };
}
