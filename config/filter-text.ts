/** A filter in the same length, with what the parser reads differently from T-SQL put out of its way. */
export interface MaskedFilter {
  readonly text: string;
  /** Names that were quoted, so any character may be in them. */
  readonly quoted: ReadonlySet<string>;
}

/** A place in a filter that is not allowed, as a 0-based offset. */
export interface FilterProblem {
  readonly offset: number;
  readonly reason: string;
}

const token = /'(?:[^']|'')*'|\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*"|--|\/\*|[;'"[\]\\`\0]/g;
const refused: Readonly<Record<string, string>> = {
  '--': 'comments are not allowed',
  '/*': 'comments are not allowed',
  ';': 'only one predicate is allowed, not several statements',
  "'": 'a string has no end',
  '"': 'a quoted name has no end',
  '[': 'a quoted name has no end',
  ']': 'a name in brackets has no beginning',
};

/**
 * Splits a filter by T-SQL's own lexical rules (Microsoft Learn, "Constants" and "Database identifiers": a quote
 * is doubled, a backslash means nothing) before a parser with other rules sees it: strings keep their length but
 * lose quotes and backslashes, `"name"` becomes `[name]`. So the parser and the server agree where text ends.
 */
export function maskFilter(filter: string): MaskedFilter | FilterProblem {
  const quoted = new Set<string>();
  let problem: FilterProblem | undefined;
  const text = filter.replace(token, (found, offset: number) => {
    const first = found.charAt(0);
    if (found.length > 1 && first === "'") return maskString(found);
    if (found.length > 1 && (first === '[' || first === '"')) {
      const name = found.slice(1, -1);
      if (/^[^[\]"`\\]+$/.test(name)) {
        quoted.add(name);
        return `[${name}]`;
      }
      problem ??= { offset, reason: 'names with quotes, brackets or backslashes in them are not allowed' };
      return found;
    }
    problem ??= { offset, reason: refused[found] ?? `${JSON.stringify(found)} is not allowed here` };
    return found;
  });
  return problem ?? { text, quoted };
}

function maskString(literal: string): string {
  return `'${literal.slice(1, -1).replace(/['\\`"]/g, '_')}'`;
}
