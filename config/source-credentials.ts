import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import type { Environment } from './environment.js';
import { parseJson } from './json-file.js';
import type { SourceDatabase } from './run-config.js';

/** How to log in to one source server. Never logged; lives as long as one connection attempt. */
export interface SourceCredentials {
  readonly user: string;
  readonly password: string;
  /** The secret's own host and port, or the mapping's where the secret says "*". */
  readonly host: string;
  readonly port: number;
}

const text = z.string().min(1);
/** The founding shape of a database secret; further keys of a rotated secret are left alone. */
const secretSchema = z.object({
  username: text,
  password: text,
  engine: z.literal('sqlserver').optional(),
  host: text.default('*'),
  port: z
    .union([text.regex(/^(\*|\d{1,5})$/), z.int().min(1).max(65_535).transform(String)])
    .default('*')
    .refine((port) => port === '*' || (Number(port) >= 1 && Number(port) <= 65_535)),
  dbname: z.string().optional(),
});

/**
 * The credentials of a source server: from SOURCE_SECRET_<ALIAS>, SOURCE_SECRET_<ALIAS>_FILE, SOURCE_SECRET or
 * SOURCE_SECRET_FILE, the first that is set. In the alias, letters are in upper case and `-` is `_`.
 * With host "*" the secret serves every server, and host and port are the mapping's.
 * Throws SECRET_MISSING where none is set, or what is set is not such a secret; never quotes it.
 */
export async function sourceCredentials(
  environment: Pick<Environment, 'source'>,
  server: Pick<SourceDatabase, 'server' | 'host' | 'port'>,
): Promise<SourceCredentials> {
  const { name, value } = await findSecret(environment, server.server);
  const secret = parseSecret(name, value);
  const own = secret.host !== '*';
  return {
    user: secret.username,
    password: secret.password,
    host: own ? secret.host : server.host,
    port: own && secret.port !== '*' ? Number(secret.port) : server.port,
  };
}

async function findSecret(
  environment: Pick<Environment, 'source'>,
  alias: string,
): Promise<{ readonly name: string; readonly value: string }> {
  const own = `SOURCE_SECRET_${alias.toUpperCase().replaceAll('-', '_')}`;
  const names = [own, `${own}_FILE`, 'SOURCE_SECRET', 'SOURCE_SECRET_FILE'];
  for (const name of names) {
    const value = environment.source.secretVariable(name);
    if (value === undefined) continue;
    return name.endsWith('_FILE') ? { name, value: await readSecretFile(name, value) } : { name, value };
  }
  throw new MigrationError(
    'SECRET_MISSING',
    `No secret for source server '${alias}': set one of ${names.join(', ')}. See .env.example for its shape.`,
  );
}

async function readSecretFile(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new MigrationError('SECRET_MISSING', `${name} names '${path}', which cannot be read.`, { cause });
  }
}

function parseSecret(name: string, value: string): z.infer<typeof secretSchema> {
  // Neither the parser's nor the schema's error is kept as the cause: both may quote the secret.
  const parsed = secretSchema.safeParse(jsonOf(name, value));
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole value'))];
  throw new MigrationError(
    'SECRET_MISSING',
    `${name} is wrong or incomplete in: ${fields.join(', ')}. Allowed: {"username","password","engine":"sqlserver","host":"*","port":"1433","dbname"}.`,
  );
}

function jsonOf(name: string, value: string): unknown {
  try {
    return parseJson(value, name);
  } catch {
    throw new MigrationError('SECRET_MISSING', `${name} is not JSON. See .env.example for its shape.`);
  }
}
