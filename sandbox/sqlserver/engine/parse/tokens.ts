import { Dialect, init, tokenize } from '@polyglot-sql/sdk';
import { syntaxError } from '../errors.js';

/** A token of a batch: `word` is upper-case for bare words, '' for strings and quoted names. */
export interface Token {
  readonly word: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

const quoted = new Set(['QUOTED_IDENTIFIER', 'STRING', 'NATIONAL_STRING', 'HEX_STRING']);

/** The tokenizer's own token; its published types say `tokenType`, what it returns is this. */
interface RawToken {
  readonly token_type: string;
  readonly text: string;
  readonly span: { readonly start: number; readonly end: number; readonly line: number };
}

/** Loads the parser (WebAssembly); parsing is synchronous afterwards. */
export async function loadParser(): Promise<void> {
  await init();
}

/** Cuts a batch into tokens with offsets in UTF-16 units; throws 102 or 105 where it cannot. */
export function tokensOf(sql: string): readonly Token[] {
  const result = tokenize(sql, Dialect.TSQL);
  if (!result.success || !result.tokens) throw syntaxError('(end of batch)', 1);
  // The tokenizer counts code points; only text beyond the BMP needs the detour.
  const offset = /[\uD800-\uDBFF]/.test(sql) ? codePointOffsets(sql) : undefined;
  const tokens: readonly unknown[] = result.tokens;
  return (tokens as readonly RawToken[]).map((token) => ({
    word: quoted.has(token.token_type) ? '' : token.text.toUpperCase(),
    text: token.text,
    start: offset?.[token.span.start] ?? token.span.start,
    end: offset?.[token.span.end] ?? token.span.end,
    line: token.span.line,
  }));
}

function codePointOffsets(sql: string): readonly number[] {
  const offsets: number[] = [];
  let position = 0;
  for (const character of sql) {
    offsets.push(position);
    position += character.length;
  }
  offsets.push(position);
  return offsets;
}
