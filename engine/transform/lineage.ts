import { MigrationError } from '../errors.js';
import type { Column, LogicalType } from '../rows/types.js';
import type { DuckDbSession } from './duckdb.js';
import { type Ast, type AstNode, list, node, parseSelect, text, walk } from './sql-ast.js';

/** A table that a transform may read. */
export interface KnownTable {
  readonly table: string;
  readonly columns: readonly Column[];
}

interface ColumnOrigin {
  readonly alias: string;
  readonly column: string;
}

export interface TableUse {
  readonly table: string;
  readonly alias: string;
}

export interface JoinUse extends TableUse {
  readonly type: 'LEFT' | 'INNER';
  /** Equalities of the ON condition between an earlier table and this one; at least one. */
  readonly keys: readonly JoinKey[];
}

interface JoinKey {
  readonly left: ColumnOrigin;
  readonly right: string;
  /** Both sides are text: SQL Server would compare them by collation. */
  readonly text: boolean;
  readonly condition: AstNode;
}

export interface Output {
  readonly name: string;
  /** Present where the output is a column as it is; absent for an expression. */
  readonly from?: ColumnOrigin;
}

export interface Lineage {
  readonly left: TableUse;
  readonly joins: readonly JoinUse[];
  readonly outputs: readonly Output[];
  /** The SELECT, and its JOIN nodes from the first to the last. */
  readonly select: AstNode;
  readonly joinNodes: readonly AstNode[];
  readonly leftNode: AstNode;
}

const supported =
  'Supported now: one SELECT of named columns and expressions FROM a source table, LEFT or INNER JOINs of ' +
  'source tables ON equal columns, and no WITH, UNION, subquery, aggregate, window, GROUP BY, DISTINCT, ' +
  'ORDER BY, LIMIT, * or USING';

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
  await refuseFunctions(session, select, file);
  const { leftNode, joinNodes } = flatten(select.from_table);
  const scope = new Scope(file, known);
  const left = scope.add(leftNode);
  const joins = joinNodes.map((join) => joinUse(join, scope, file));
  const outputs = list(select.select_list).map((item) => output(node(item), scope, file));
  refuseUnused(scope, file);
  return { left, joins, outputs, select, joinNodes, leftNode };
}

function invalid(file: string, what: string): MigrationError {
  return new MigrationError('TRANSFORM_INVALID', `${file}: ${what}.`);
}

function unsupported(file: string, what: string): MigrationError {
  return invalid(file, `${what} is not supported. ${supported}`);
}

function refuseUnsupported(select: AstNode, file: string): void {
  if (select.type !== 'SELECT_NODE') throw unsupported(file, text(select.type).replace('_NODE', ''));
  if (list(node(select.cte_map).map).length > 0) throw unsupported(file, 'WITH');
  for (const modifier of list(select.modifiers)) {
    throw unsupported(file, text(node(modifier).type).replace('_MODIFIER', ''));
  }
  for (const clause of ['having', 'qualify', 'sample']) {
    if (select[clause]) throw unsupported(file, clause.toUpperCase());
  }
  if (list(select.group_expressions).length > 0 || select.aggregate_handling !== 'STANDARD_HANDLING') {
    throw unsupported(file, 'GROUP BY');
  }
  for (const { class: kind } of walk(select)) {
    if (kind === 'SUBQUERY' || kind === 'WINDOW' || kind === 'STAR') {
      throw unsupported(file, kind === 'STAR' ? '*' : `a ${kind.toLowerCase()}`);
    }
  }
}

/** Aggregates change what a row is; a function that gives another value on each run breaks every retry. */
async function refuseFunctions(session: DuckDbSession, select: AstNode, file: string): Promise<void> {
  const rows = await session.rows<{ name: string }>(
    `SELECT DISTINCT function_name AS name FROM duckdb_functions()
     WHERE function_type = 'aggregate' OR stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')`,
  );
  const refused = new Set(rows.map(({ name }) => name));
  for (const { class: kind, function_name: name } of walk(select)) {
    if (kind === 'FUNCTION' && refused.has(text(name).toLowerCase())) {
      throw unsupported(file, `the function ${text(name)} (an aggregate, or not the same on each run)`);
    }
  }
}

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
  const keys = conjuncts(join.condition)
    .map((condition) => scope.equality(condition, use.alias))
    .filter((key) => key !== undefined);
  if (keys.length === 0) throw unsupported(file, `the join of ${use.alias} without equal columns`);
  return { ...use, type, keys };
}

/** The conditions that AND binds together. */
function conjuncts(condition: Ast | undefined): readonly AstNode[] {
  const tree = node(condition);
  return tree.type === 'CONJUNCTION_AND' ? list(tree.children).flatMap(conjuncts) : [tree];
}

function output(item: AstNode, scope: Scope, file: string): Output {
  const alias = text(item.alias);
  if (item.class === 'COLUMN_REF') {
    const from = scope.resolve(item);
    return { name: alias || from.column, from };
  }
  if (alias === '') throw invalid(file, 'an expression has no name; write <expression> AS <target column>');
  return { name: alias };
}

function refuseUnused(scope: Scope, file: string): void {
  const unused = scope.unused();
  if (unused.length > 0) {
    throw invalid(file, `source table ${unused.join(', ')} is exported for this target, but not read here`);
  }
}

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Which aliases and columns are in reach; names are compared as DuckDB does, without case. */
class Scope {
  readonly #file: string;
  readonly #known: readonly KnownTable[];
  readonly #uses: { readonly alias: string; readonly known: KnownTable }[] = [];

  constructor(file: string, known: readonly KnownTable[]) {
    this.#file = file;
    this.#known = known;
  }

  add(tree: AstNode): TableUse {
    if (tree.type !== 'BASE_TABLE') throw unsupported(this.#file, `${text(tree.type) || 'nothing'} in FROM`);
    const name = text(tree.table_name);
    if (tree.schema_name !== '' || tree.catalog_name !== '' || list(tree.column_name_alias).length > 0) {
      throw invalid(this.#file, `name the source table ${name} alone, with neither schema nor column list`);
    }
    if (tree.sample) throw unsupported(this.#file, 'SAMPLE');
    const known = this.#known.find(({ table }) => sameName(table, name));
    if (!known) {
      const names = this.#known.map(({ table }) => table).join(', ');
      throw invalid(this.#file, `table ${name} is none of this target's source tables (${names})`);
    }
    const alias = text(tree.alias) || name;
    if (this.#uses.some((use) => sameName(use.alias, alias))) {
      throw invalid(this.#file, `two tables are called ${alias}`);
    }
    this.#uses.push({ alias, known });
    return { table: known.table, alias };
  }

  resolve(reference: AstNode): ColumnOrigin {
    const names = list(reference.column_names).map(text);
    const column = names.at(-1) ?? '';
    const uses =
      names.length === 1 ? this.#uses : this.#uses.filter(({ alias }) => sameName(alias, names[0] ?? ''));
    if (uses.length === 0 || names.length > 2) {
      throw invalid(this.#file, `column ${names.join('.')} belongs to no table of FROM`);
    }
    const found = uses.flatMap(({ alias, known }) =>
      known.columns.filter(({ name }) => sameName(name, column)).map(({ name }) => ({ alias, column: name })),
    );
    const [origin] = found;
    if (!origin) throw invalid(this.#file, `column ${names.join('.')} is not in ${this.#describe(uses)}`);
    if (found.length > 1) throw invalid(this.#file, `column ${column} is in several tables; name its table`);
    return origin;
  }

  equality(condition: AstNode, right: string): JoinKey | undefined {
    if (condition.type !== 'COMPARE_EQUAL') return undefined;
    const sides = [node(condition.left), node(condition.right)];
    if (!sides.every((side) => side.class === 'COLUMN_REF')) return undefined;
    const origins = sides.map((side) => this.resolve(side));
    const inner = origins.find(({ alias }) => sameName(alias, right));
    const outer = origins.find(({ alias }) => !sameName(alias, right));
    if (!inner || !outer) return undefined;
    const isText = origins.every((origin) => this.#typeOf(origin).kind === 'text');
    return { left: outer, right: inner.column, text: isText, condition };
  }

  unused(): readonly string[] {
    const used = new Set(this.#uses.map(({ known }) => known.table));
    return this.#known.map(({ table }) => table).filter((table) => !used.has(table));
  }

  #typeOf({ alias, column }: ColumnOrigin): LogicalType {
    const use = this.#uses.find((candidate) => candidate.alias === alias);
    const found = use?.known.columns.find(({ name }) => name === column);
    if (!found)
      throw new MigrationError('INTERNAL', `Column ${alias}.${column} was resolved, but is not known.`);
    return found.type;
  }

  #describe(uses: readonly { readonly known: KnownTable }[]): string {
    return uses
      .map(({ known }) => `${known.table} (${known.columns.map(({ name }) => name).join(', ')})`)
      .join(' or ');
  }
}
