import { child, identifier, list, type Node, refuseUnknown, text } from '../parse/ast.js';
import { type CommonTable, type Env, Scope } from './env.js';

/** WITH: each common table may use those before it. */
export function commonTables(
  node: Node | undefined,
  outer: Scope | undefined,
  env: Env,
): readonly CommonTable[] {
  if (!node) return [];
  refuseUnknown(node, 'WITH', ['ctes']);
  const tables: CommonTable[] = [];
  for (const cte of list(node, 'ctes')) {
    refuseUnknown(cte, 'WITH', ['alias', 'this', 'columns', 'alias_first']);
    const query = env.query(child(cte, 'this'), new Scope([], [...tables], outer));
    const names = list(cte, 'columns').map((column) => text(column, 'name') ?? '');
    const columns = query.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
    tables.push({ name: identifier(cte, 'alias') ?? '', sql: `(${query.sql})`, columns });
  }
  return tables;
}
