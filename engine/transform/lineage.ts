import { describeType } from '../rows/describe-type.js';
import type { DuckDbSession } from './duckdb.js';
import { compareAlike } from './join-key-types.js';
import { type ColumnOrigin, type KnownTable, Scope, type TableUse } from './scope.js';
import { type Ast, type AstNode, list, node, parseSelect, renderSelect, text, walk } from './sql-ast.js';
import { invalid, refuseUnsupported, unsupported } from './supported-sql.js';

export interface JoinUse extends TableUse {
  readonly type: 'LEFT' | 'INNER';
  /** The whole ON condition: equalities between an earlier table and this one; at least one. */
  readonly keys: readonly JoinKey[];
}

interface JoinKey {
  readonly left: ColumnOrigin;
  readonly right: string;
  /** Both sides are text: SQL Server would compare them by collation. */
  readonly text: boolean;
}

export interface Output {
  readonly name: string;
  /** Present where the output is a column as it is; absent for an expression. */
  readonly from?: ColumnOrigin;
  /** Of DuckDB's parser. */
  readonly tree: AstNode;
}

/** All of a transform: its outputs, and the tables that they come from. */
export interface Lineage {
  readonly left: TableUse;
  readonly joins: readonly JoinUse[];
  readonly outputs: readonly Output[];
  /** `SELECT …`, without its FROM. */
  readonly selectList: string;
  /** What names in the outputs' trees mean. */
  readonly scope: Pick<Scope, 'resolve' | 'typeOf'>;
}

/**
 * What a transform reads, how it joins, and where each output comes from, by DuckDB's own parser. Throws
 * TRANSFORM_INVALID naming the file, what is wrong and what is supported.
 */
export async function readLineage(
  session: DuckDbSession,
  transform: { readonly file: string; readonly sql: string },
  known: readonly KnownTable[],
): Promise<Lineage> {
  const { file } = transform;
  const select = await parseSelect(session, transform.sql, file);
  refuseUnsupported(select, file);
  const { leftNode, joinNodes } = flatten(select.from_table);
  const scope = new Scope(file, known);
  const left = scope.add(leftNode);
  const joins = joinNodes.map((join) => joinUse(join, scope, file));
  const outputs = list(select.select_list).map((item) => output(node(item), scope, file));
  refuseUnused(scope, file);
  const selectList = await renderSelect(session, { ...select, from_table: nothing });
  return { left, joins, outputs, selectList, scope };
}

const nothing: AstNode = { type: 'EMPTY', alias: '', sample: null };

/** A left-deep tree of joins over base tables, as a list. */
function flatten(from: Ast | undefined): { leftNode: AstNode; joinNodes: AstNode[] } {
  const joinNodes: AstNode[] = [];
  let tree = node(from);
  while (tree.type === 'JOIN') {
    joinNodes.unshift(tree);
    tree = node(tree.left);
  }
  return { leftNode: tree, joinNodes };
}

function joinUse(join: AstNode, scope: Scope, file: string): JoinUse {
  const type = text(join.join_type);
  if (join.ref_type !== 'REGULAR') throw unsupported(file, `a ${text(join.ref_type)} join`);
  if (type !== 'LEFT' && type !== 'INNER') throw unsupported(file, `a ${type} join`);
  if (list(join.using_columns).length > 0) throw unsupported(file, 'USING');
  const use = scope.add(node(join.right));
  const keys = conjuncts(join.condition).map((condition) => joinKey(condition, use, scope, file));
  return { ...use, type, keys };
}

/** The conditions that AND binds together. */
function conjuncts(condition: Ast | undefined): readonly AstNode[] {
  const tree = node(condition);
  return tree.type === 'CONJUNCTION_AND' ? list(tree.children).flatMap(conjuncts) : [tree];
}

/**
 * Only `earlier.column = this.column`: a condition on one table would filter rows unseen, and an expression would
 * hide a text comparison from the collation check, and types that do not compare as in SQL Server.
 */
function joinKey(condition: AstNode, use: TableUse, scope: Scope, file: string): JoinKey {
  const sides = [node(condition.left), node(condition.right)];
  if (condition.type === 'COMPARE_EQUAL' && sides.every((side) => side.class === 'COLUMN_REF')) {
    const origins = sides.map((side) => scope.resolve(side));
    const right = origins.find(({ alias }) => alias === use.alias);
    const left = origins.find(({ alias }) => alias !== use.alias);
    if (left && right) {
      requireAlike(left, right, scope, file);
      return { left, right: right.column, text: scope.typeOf(right).kind === 'text' };
    }
  }
  throw unsupported(
    file,
    `in the ON condition of ${use.alias}, anything but <column of an earlier table> = <column of ${use.alias}> ` +
      '(conditions on rows belong in source_filter_<table>)',
  );
}

function requireAlike(left: ColumnOrigin, right: ColumnOrigin, scope: Scope, file: string): void {
  if (compareAlike(scope.typeOf(left), scope.typeOf(right))) return;
  const sides = [left, right].map(
    (side) => `${side.alias}.${side.column} (${describeType(scope.typeOf(side))})`,
  );
  throw invalid(
    file,
    `${sides.join(' = ')} would not match the rows that SQL Server matches: CAST both to one type in a view of the ` +
      "source (datetimeoffset: CAST(SWITCHOFFSET(<column>, '+00:00') AS datetime2)) and migrate that, or join on another key",
  );
}

function output(item: AstNode, scope: Scope, file: string): Output {
  const alias = text(item.alias);
  if (item.class === 'COLUMN_REF') {
    const from = scope.resolve(item);
    return { name: alias || from.column, from, tree: item };
  }
  if (alias === '') throw invalid(file, 'an expression has no name; write <expression> AS <target column>');
  for (const part of walk(item)) {
    // Also refuses current_timestamp and the like: without parentheses they parse as columns.
    if (part.class === 'COLUMN_REF') scope.resolve(part);
  }
  return { name: alias, tree: item };
}

function refuseUnused(scope: Scope, file: string): void {
  const unused = scope.unused();
  if (unused.length > 0) {
    throw invalid(file, `source table ${unused.join(', ')} is exported for this target, but not read here`);
  }
}
