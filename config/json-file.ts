import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { MigrationError } from '../engine/errors.js';

/** Path of `file` for messages: relative to the working directory where it is below it. */
export function displayPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}

/** Reads a text file; throws CONFIG_INVALID naming it and its purpose where it cannot be read. */
export async function readText(file: string, purpose: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const state = missing ? 'does not exist' : 'cannot be read';
    throw new MigrationError('CONFIG_INVALID', `${displayPath(file)} ${state}: ${purpose}.`, { cause });
  }
}

/**
 * Parses strict JSON. Unlike JSON.parse, every error has a position and a key given twice is refused: the
 * later one would win without a word. Throws CONFIG_NOT_JSON without quoting the text.
 */
export function parseJson(text: string, file: string): unknown {
  const content = text.replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const tree = parseTree(content, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (first !== undefined) throw notJson(file, content, first.offset, printParseErrorCode(first.error));
  const twice = tree && duplicateKey(tree);
  if (twice !== undefined) throw notJson(file, content, twice.offset, `key '${twice.value}' is given twice`);
  return JSON.parse(content);
}

function duplicateKey(node: Node): Node | undefined {
  const children = node.children ?? [];
  if (node.type === 'object') {
    const seen = new Set<unknown>();
    for (const key of children.flatMap((property) => property.children?.[0] ?? [])) {
      if (seen.has(key.value)) return key;
      seen.add(key.value);
    }
  }
  for (const child of children) {
    const found = duplicateKey(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function notJson(file: string, text: string, offset: number, reason: string): MigrationError {
  const before = text.slice(0, offset).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return new MigrationError(
    'CONFIG_NOT_JSON',
    `${file} is not JSON: ${reason} at line ${before.length}, column ${column}. Allowed: strict JSON, no comments.`,
  );
}
