import { closest } from 'fastest-levenshtein';
import { z } from 'zod';

/** An object with just these keys; an unknown one is refused, naming the nearest allowed. `$schema` is for editors. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const allowed = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, allowed) : 'allowed: an object',
  });
}

/** Says which keys are not known, the nearest allowed one for each, and all that are allowed. */
export function unknownKeys(keys: readonly string[], allowed: readonly string[]): string {
  const hints = keys.map((key) => `unknown key '${key}' (nearest allowed: '${closest(key, allowed)}')`);
  return `${hints.join(', ')}; allowed keys: ${allowed.join(', ')}`;
}

/** Checks by `error` what a value must be; used by every field so that messages read alike. */
export const allowed = (text: string) => ({ error: `allowed: ${text}` });

/** An integer of a range, with its unit for the message. */
export const whole = (from: number, to: number, unit: string) => {
  const text = `a whole number of ${unit} from ${from} to ${to}`;
  return z.int(allowed(text)).min(from, allowed(text)).max(to, allowed(text));
};

export const schemaReference = z
  .string()
  .optional()
  .describe('Where an editor finds the JSON Schema of this file; not read by the product.');
