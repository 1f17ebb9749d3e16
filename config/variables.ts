import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { parseHostPort } from './host-port.js';

/** Variables of the environment that are set; an empty one is not. */
export type Given = Readonly<Record<string, string | undefined>>;

/** A variable that must be set. */
export const required = (allowed: string) => z.string({ error: `is not set; allowed: ${allowed}` });

/** A variable with a host and a port. */
export function hostPort(allowed: string, defaultPort?: number) {
  return required(allowed).transform((value, context) => {
    const parsed = parseHostPort(value, defaultPort);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: `is '${value}'; allowed: ${allowed}` });
    return z.NEVER;
  });
}

/** A variable with one of some words, the first unless it is set. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  const [first, ...others] = words.map((word) => `'${word}'`);
  return z
    .enum(words, {
      error: (issue) => `is '${issue.input}'; allowed: ${first} (default) or ${others.join(' or ')}`,
    })
    .default(words[0]);
}

/** The absolute path of a file that a variable names. Throws CONFIG_INVALID where there is none. */
export function requireFile(variable: string, path: string): string {
  const file = resolve(path);
  if (existsSync(file)) return file;
  throw new MigrationError(
    'CONFIG_INVALID',
    `Environment: ${variable} names '${path}', which does not exist.`,
  );
}
