import { randomUUID } from 'node:crypto';
import { MigrationError } from '../errors.js';
import type { DuckDbSession } from './duckdb.js';
import { duckdbLiteral } from './sql-text.js';

/** DuckDB's own syntax tree, as json_serialize_sql gives it. */
export type Ast = null | boolean | string | readonly Ast[] | AstNode;
export interface AstNode {
  readonly [key: string]: Ast;
}

/** Numbers travel as marked text: a 64-bit constant would not survive a JavaScript number. */
const numberMark = `number-${randomUUID()}:`;
const jsonToken = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const markedNumber = new RegExp(`"${numberMark}([^"]*)"`, 'g');

/**
 * The tree of one SELECT; throws TRANSFORM_INVALID naming `file` where DuckDB's parser refuses it.
 * @see https://duckdb.org/docs/stable/data/json/sql_to_and_from_json
 */
export async function parseSelect(session: DuckDbSession, sql: string, file: string): Promise<AstNode> {
  const [row] = await session.rows<{ tree: string }>(
    `SELECT json_serialize_sql(${duckdbLiteral(sql)})::VARCHAR AS tree`,
  );
  const marked = (row?.tree ?? '').replace(jsonToken, (token) =>
    token.startsWith('"') ? token : `"${numberMark}${token}"`,
  );
  const tree = JSON.parse(marked) as AstNode;
  const statements = list(tree.statements);
  if (tree.error === true || statements.length !== 1) {
    const reason = tree.error === true ? String(tree.error_message) : `${statements.length} statements`;
    throw new MigrationError('TRANSFORM_INVALID', `${file}: ${reason}. Write one SELECT statement.`);
  }
  return node(node(statements[0]).node);
}

/** SQL text of a SELECT's tree. */
export async function renderSelect(session: DuckDbSession, select: AstNode): Promise<string> {
  const tree = JSON.stringify({ error: false, statements: [{ node: select, named_param_map: [] }] });
  const json = duckdbLiteral(tree.replace(markedNumber, '$1'));
  const [row] = await session.rows<{ sql: string }>(`SELECT json_deserialize_sql(${json}::JSON) AS sql`);
  return row?.sql ?? '';
}

export function node(value: Ast | undefined): AstNode {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as AstNode;
  return {};
}

export function list(value: Ast | undefined): readonly Ast[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: Ast | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Digits of a number, as the parser writes it; empty where it is none. */
export function digitsOf(value: Ast | undefined): string {
  return text(value).startsWith(numberMark) ? text(value).slice(numberMark.length) : '';
}

/** Every node of a tree, itself first. */
export function* walk(value: Ast | undefined): Iterable<AstNode> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item);
  } else if (typeof value === 'object' && value !== null) {
    yield value as AstNode;
    for (const item of Object.values(value)) yield* walk(item);
  }
}
