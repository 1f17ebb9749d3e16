import { MigrationError } from '../errors.js';
import type { DuckDbSession } from './duckdb.js';
import type { JoinUse, Lineage } from './lineage.js';
import { type AstNode, functionCall, list, node, renderSelect, star } from './sql-ast.js';

/** Which part of a transform's FROM is wanted. */
export interface JoinScope {
  /** Text keys compared without case and trailing blanks, on both sides. */
  readonly folded: boolean;
  /** Only the first so many joins; all by default. */
  readonly joins?: number;
  /** This join as an INNER one: only rows with a match. */
  readonly inner?: number;
  /** With the transform's own WHERE; without by default. */
  readonly where?: boolean;
}

/** The transform itself, its text keys folded if asked for. */
export function transformSql(session: DuckDbSession, lineage: Lineage, folded: boolean): Promise<string> {
  return renderSelect(session, { ...lineage.select, from_table: joinTree(lineage, { folded }) });
}

/** `FROM … JOIN … ON … [WHERE …]`. */
export function fromClause(session: DuckDbSession, lineage: Lineage, scope: JoinScope): Promise<string> {
  const select = {
    ...lineage.select,
    select_list: [star],
    from_table: joinTree(lineage, scope),
    where_clause: scope.where ? (lineage.select.where_clause ?? null) : null,
  };
  return renderTail(session, select, 'SELECT * ');
}

/** The ON condition of one join. */
export function onCondition(
  session: DuckDbSession,
  lineage: Lineage,
  index: number,
  folded: boolean,
): Promise<string> {
  const join = lineage.joinNodes[index] ?? {};
  const select = {
    ...lineage.select,
    select_list: [folded ? fold(join.condition, lineage.joins[index]) : node(join.condition)],
    from_table: { type: 'EMPTY', alias: '', sample: null },
    where_clause: null,
  };
  return renderTail(session, select, 'SELECT ');
}

async function renderTail(session: DuckDbSession, select: AstNode, head: string): Promise<string> {
  const sql = await renderSelect(session, select);
  if (!sql.startsWith(head)) throw new MigrationError('INTERNAL', 'DuckDB renders SELECT in another form.');
  return sql.slice(head.length);
}

function joinTree(lineage: Lineage, scope: JoinScope): AstNode {
  const joins = lineage.joinNodes.slice(0, scope.joins ?? lineage.joinNodes.length);
  return joins.reduce<AstNode>(
    (tree, join, index) => ({
      ...join,
      left: tree,
      join_type: index === scope.inner ? 'INNER' : (join.join_type ?? null),
      condition: scope.folded ? fold(join.condition, lineage.joins[index]) : (join.condition ?? null),
    }),
    lineage.leftNode,
  );
}

/** `a = b` on text becomes `lower(rtrim(a)) = lower(rtrim(b))`. */
function fold(condition: AstNode[string] | undefined, use: JoinUse | undefined): AstNode {
  const tree = node(condition);
  if (tree.type === 'CONJUNCTION_AND') {
    return { ...tree, children: list(tree.children).map((child) => fold(child, use)) };
  }
  if (!use?.keys.some((key) => key.text && key.condition === tree)) return tree;
  const folded = (side: AstNode) => functionCall('lower', functionCall('rtrim', side));
  return { ...tree, left: folded(node(tree.left)), right: folded(node(tree.right)) };
}
