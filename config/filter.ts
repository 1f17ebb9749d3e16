import type { Parser } from 'node-sql-parser/build/transactsql';
import { MigrationError } from '../engine/errors.js';
import { type Bounds, boundsOf } from './filter-bounds.js';
import { checkPredicate, isNode, type Node } from './filter-rules.js';
import { maskFilter } from './filter-text.js';
import { shown } from './problems.js';

/** Where a filter stands, for messages, and the column that chunks are cut by. */
export interface FilterPlace {
  readonly chunkColumn?: string | undefined;
  readonly file?: string;
  readonly field?: string;
}

export interface ParsedFilter {
  /** Columns that the predicate reads, each once, as written. */
  readonly columns: readonly string[];
  /** Half-open hull `[from, to)` on the chunking column, ISO dates; an absent side is open. */
  readonly bounds: Bounds;
}

const longestFilter = 4000;
const select = 'SELECT 1 FROM t WHERE ';

/**
 * Parses a T-SQL predicate and allows only what reads the row and nothing else: comparisons, AND, OR, NOT, IN,
 * LIKE, BETWEEN, IS NULL, arithmetic, CASE, CAST and a few deterministic functions. Throws FILTER_INVALID naming
 * file, field, value and position.
 */
export function parseFilter(filter: string, place: FilterPlace = {}): ParsedFilter {
  const refuse = (reason: string, offset?: number): MigrationError => refusal(filter, place, reason, offset);
  if (filter.trim() === '') throw refuse('it is empty; leave the field out to take every row');
  if (filter.length > longestFilter) throw refuse(`it is longer than ${longestFilter} characters`);
  const masked = maskFilter(filter);
  if ('reason' in masked) throw refuse(masked.reason, masked.offset);
  const where = parseWhere(masked.text, refuse);
  const columns = new Set<string>();
  checkPredicate(where, { quoted: masked.quoted, column: (name) => columns.add(name), refuse });
  return {
    columns: [...columns],
    bounds: place.chunkColumn === undefined ? {} : boundsOf(where, place.chunkColumn),
  };
}

/**
 * The predicate must parse alone and in parentheses: alone, `a) OR (b` fails, in parentheses `a ORDER BY b` does,
 * and the product sends it in parentheses.
 */
function parseWhere(text: string, refuse: (reason: string, offset?: number) => MigrationError): Node {
  parseSelect(`${select}${text}`, select.length, refuse);
  return parseSelect(`${select}(${text}\n)`, select.length + 1, refuse);
}

function parseSelect(
  sql: string,
  prefix: number,
  refuse: (reason: string, offset?: number) => MigrationError,
): Node {
  const grammar = loadGrammar();
  let parsed: unknown;
  try {
    parsed = grammar.astify(sql, { database: 'transactsql' });
  } catch (error) {
    const offset = (error as { location?: { start?: { offset?: number } } }).location?.start?.offset;
    throw refuse('it does not parse as one T-SQL predicate', Math.max(0, (offset ?? prefix) - prefix));
  }
  const [statement, ...more] = Array.isArray(parsed) ? parsed : [parsed];
  const where: unknown = statement?.where;
  if (more.length > 0 || !isNode(where)) throw refuse('only one predicate is allowed');
  return where;
}

/** The parser's grammar takes 8 MB of every process that has it: only those get it that meet a filter. */
function loadGrammar(): Parser {
  const library: typeof import('node-sql-parser/build/transactsql') = require('node-sql-parser/build/transactsql');
  return new library.Parser();
}

function refusal(filter: string, place: FilterPlace, reason: string, offset?: number): MigrationError {
  const file = place.file === undefined ? '' : `${place.file}: `;
  const position = offset === undefined ? '' : ` at position ${Math.min(offset, filter.length) + 1}`;
  return new MigrationError(
    'FILTER_INVALID',
    `${file}field '${place.field ?? 'filter'}' is ${shown(filter)}: ${reason}${position}. Allowed: one T-SQL predicate over the table's own columns, such as "data_timestamp >= '2025-01-01' AND data_timestamp < '2025-04-01'".`,
  );
}
