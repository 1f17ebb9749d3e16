import { Dialect, parse } from '@polyglot-sql/sdk';
import { syntaxError, unsupported } from '../errors.js';
import { atRest } from '../half-pairs.js';
import type { SqlServerError } from '../types.js';
import { type Node, type Tagged, tagged } from './ast.js';
import { withKeptSpelling } from './kept-spelling.js';
import { tokensOf } from './tokens.js';

const cache = new Map<string, Tagged>();
const cacheLimit = 200;

/**
 * Parses one statement (SELECT, INSERT, …) of a batch. `line` is where it starts, for the error.
 * Throws 102 with the token that was not expected.
 */
export function parseStatement(sql: string, line: number): Tagged {
  const cached = cache.get(sql);
  if (cached) return cached;
  const result = parse(withKeptSpelling(atRest(sql)), Dialect.TSQL);
  if (!result.success) throw failure(withKeptSpelling(sql), line, result.errorStart);
  const [statement, second] = result.ast as unknown as readonly Node[];
  if (!statement || second) throw unsupported('this statement');
  const parsed = tagged(statement);
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(sql, parsed);
  return parsed;
}

function failure(sql: string, line: number, offset: number | undefined): SqlServerError {
  const tokens = tokensOf(sql);
  const position = offset === undefined ? sql.length : [...sql].slice(0, offset).join('').length;
  const token = tokens.find((candidate) => candidate.end > position) ?? tokens[tokens.length - 1];
  return syntaxError(token?.text ?? '', line + (token ? token.line - 1 : 0));
}
