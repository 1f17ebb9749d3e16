import { unsupported } from '../errors.js';

/** What the parser gives: objects with one key that names the kind, `{ "select": { … } }`. */
export type Node = Readonly<Record<string, unknown>>;

export interface Tagged {
  readonly kind: string;
  readonly body: Node;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes a tagged object apart; a kind without properties (`{ "null": null }`) has an empty body. */
export function tagged(node: Node): Tagged {
  const [entry] = Object.entries(node);
  if (!entry) throw unsupported('an empty expression');
  const [kind, body] = entry;
  return { kind, body: isNode(body) ? body : {} };
}

/** A required child. */
export function child(body: Node, key: string): Node {
  const value = body[key];
  if (!isNode(value)) throw unsupported(`this form (no ${key})`);
  return value;
}

export function optional(body: Node, key: string): Node | undefined {
  const value = body[key];
  return isNode(value) ? value : undefined;
}

export function list(body: Node, key: string): readonly Node[] {
  const value = body[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function text(body: Node, key: string): string | undefined {
  const value = body[key];
  return typeof value === 'string' ? value : undefined;
}

export function integer(body: Node, key: string): number | undefined {
  const value = body[key];
  return typeof value === 'number' ? value : undefined;
}

/** The name in an identifier child: `{ "name": "t", "quoted": false }`. */
export function identifier(body: Node, key: string): string | undefined {
  const node = optional(body, key);
  const name = node && text(node, 'name');
  return name === '' ? undefined : name;
}

// Carries no meaning of its own: source positions, comments, spelling.
const spelling =
  /comments$|^span$|^quoted$|_explicit|^use_(?:inner|outer)_keyword$|^original_name$|^nesting_group$/;

/**
 * Refuses what the translator would silently ignore: any property that is set and not in `known`.
 * `what` names the construct in the error.
 */
export function refuseUnknown(body: Node, what: string, known: readonly string[]): void {
  for (const [key, value] of Object.entries(body)) {
    const empty = value === null || value === undefined || value === false || value === '';
    if (empty || (Array.isArray(value) && value.length === 0)) continue;
    if (known.includes(key) || spelling.test(key)) continue;
    throw unsupported(`${key.replaceAll('_', ' ').toUpperCase()} in ${what}`);
  }
}
