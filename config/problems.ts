import type { z } from 'zod';

const longestValue = 120;

/** One line that names document, field, value and what is allowed for every problem that the schema found. */
export function describeIssues(file: string, value: unknown, issues: readonly z.core.$ZodIssue[]): string {
  return `${file}: ${issues.map((issue) => describeProblem(issue.path, value, issue.message)).join('; ')}.`;
}

function describeProblem(path: readonly PropertyKey[], root: unknown, message: string): string {
  const field = path.length === 0 ? 'the whole document' : `field '${path.map(String).join('.')}'`;
  const found = valueAt(root, path);
  // The value of an object would be most of the document; its field says enough.
  if (typeof found === 'object' && found !== null) return `${field}: ${message}`;
  return `${field} is ${found === undefined ? 'missing' : shown(found)}; ${message}`;
}

/** A value as messages show it: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
