import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { parseJson } from './json-file.js';

const text = z.string().min(1);

/** The founding shape of a database secret; further keys of a rotated secret are left alone. */
const shape = z.object({
  username: text,
  password: text,
  engine: text.optional(),
  host: text.default('*'),
  port: z
    .union([text.regex(/^(\*|\d{1,5})$/), z.int().min(1).max(65_535).transform(String)])
    .default('*')
    .refine((port) => port === '*' || (Number(port) >= 1 && Number(port) <= 65_535)),
  dbname: z.string().optional(),
});

export type DatabaseSecret = z.infer<typeof shape>;

/**
 * Reads a secret of a database of the given kind.
 * @param name the variable that it came from
 * @param engines what `engine` may be, where it is given
 * @throws MigrationError SECRET_MISSING naming the fields that are wrong; never quotes the secret
 */
export function parseDatabaseSecret(name: string, value: string, engines: readonly string[]): DatabaseSecret {
  // Neither the parser's nor the schema's error is kept as the cause: both may quote the secret.
  const parsed = shape
    .refine(({ engine }) => engine === undefined || engines.includes(engine), { path: ['engine'] })
    .safeParse(jsonOf(name, value));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole value'))];
  throw new MigrationError(
    'SECRET_MISSING',
    `${name} is wrong or incomplete in: ${fields.join(', ')}. Allowed: {"username","password","engine":"${engines[0]}","host":"*","port","dbname"}.`,
  );
}

function jsonOf(name: string, value: string): unknown {
  try {
    return parseJson(value, name);
  } catch {
    throw new MigrationError('SECRET_MISSING', `${name} is not JSON. See .env.example for its shape.`);
  }
}
