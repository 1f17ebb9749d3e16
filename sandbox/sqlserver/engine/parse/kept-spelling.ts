import { tokensOf } from './tokens.js';

/** Before the names of types that the parser would take for others: it reads ntext as text, numeric as decimal. */
export const keptSpelling = 'kept_';

const lost = /\b(ntext|numeric)\b/i;

/** The statement with those names spelled so that the parser leaves them alone. */
export function withKeptSpelling(sql: string): string {
  if (!lost.test(sql)) return sql;
  let result = '';
  let at = 0;
  let before = '';
  for (const { word, start, end } of tokensOf(sql)) {
    const named = before === '.';
    before = word;
    // What follows a dot is the name of a table or column.
    if (named || (word !== 'NTEXT' && word !== 'NUMERIC')) continue;
    result += `${sql.slice(at, start)}${keptSpelling}${sql.slice(start, end)}`;
    at = end;
  }
  return result + sql.slice(at);
}
