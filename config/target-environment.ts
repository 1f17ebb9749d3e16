import { z } from 'zod';
import { MigrationError } from '../engine/errors.js';
import { rdsTokens } from './aws/rds-token.js';
import { parseDatabaseSecret } from './database-secret.js';
import type { HostPort } from './host-port.js';
import { rotatedPassword } from './rotated-password.js';
import { type SecretValue, secretValue } from './secret-value.js';
import { type Given, hostPort, oneOf, required, requireFile } from './variables.js';

/** Where the target is and how to log in to it. */
export interface TargetEnvironment extends HostPort {
  readonly database: string;
  readonly user: string;
  readonly auth: 'password' | 'iam';
  /**
   * What the next connection logs in with: a password, or a token that is good for one connection. With one that was
   * `refused`, a password is read anew, out of Secrets Manager for up to a minute until it is another. Throws
   * SECRET_MISSING, AWS_ACCESS, AWS_UNAVAILABLE.
   */
  readonly password: (refused?: string) => Promise<string>;
  /** PEM file of the certificate authority; absent for the system's own. */
  readonly caFile?: string;
  readonly tls: 'verify' | 'off';
}

const endpointAllowed = 'host or host:port, for example warehouse.example.com:5432';

export const targetVariables = z.object({
  RDS_ENDPOINT: hostPort(endpointAllowed, 5432),
  RDS_READER_ENDPOINT: hostPort(endpointAllowed, 5432).optional(),
  RDS_USER: required('the name of the PostgreSQL role'),
  RDS_DATABASE: z.string().default('postgres'),
  RDS_AUTH: oneOf(['password', 'iam']),
  RDS_CA_FILE: z.string().optional(),
  RDS_TLS: oneOf(['verify', 'off']),
});

const passwordNames = { value: 'RDS_PASSWORD', file: 'RDS_PASSWORD_FILE', stored: 'RDS_SECRET_ID' } as const;

/**
 * The target out of the checked variables: the writer, or for what only reads the reader, where one is named.
 * Throws SECRET_MISSING where a password is needed and none is set, CONFIG_INVALID where a token would travel
 * unencrypted, or a file does not exist.
 */
export function targetOf(
  checked: z.infer<typeof targetVariables>,
  given: Given,
  use: 'writing' | 'reading',
): TargetEnvironment {
  const { RDS_AUTH: auth, RDS_TLS: tls, RDS_USER: user, RDS_CA_FILE: caFile } = checked;
  const endpoint = (use === 'reading' ? checked.RDS_READER_ENDPOINT : undefined) ?? checked.RDS_ENDPOINT;
  if (auth === 'iam' && tls === 'off')
    throw new MigrationError(
      'CONFIG_INVALID',
      "Environment: RDS_TLS is 'off' with RDS_AUTH 'iam', which RDS takes over TLS only. Unset RDS_TLS.",
    );
  return {
    ...endpoint,
    database: checked.RDS_DATABASE,
    user,
    auth,
    password: auth === 'iam' ? rdsTokens({ ...endpoint, user }) : passwordOf(user, given),
    ...(caFile !== undefined && { caFile: requireFile('RDS_CA_FILE', caFile) }),
    tls,
  };
}

/** What a connection logs in with. */
export function targetLogin({ user, password, tls, auth }: TargetEnvironment) {
  return {
    user,
    password,
    tls: tls === 'verify',
    ...(auth === 'iam' && {
      loginAdvice:
        `Check that this worker's role is allowed rds-db:connect on arn:aws:rds-db:<region>:<account>:dbuser:<cluster resource id>/${user}, ` +
        `that the role was granted rds_iam (GRANT rds_iam TO ${user}), that IAM authentication is on for the cluster, and that RDS_ENDPOINT is the name that RDS gave it.`,
    }),
  } as const;
}

function passwordOf(user: string, given: Given): TargetEnvironment['password'] {
  const secret = secretValue(passwordNames, given);
  if (secret === undefined)
    throw new MigrationError(
      'SECRET_MISSING',
      `RDS_PASSWORD is not set, nor ${passwordNames.file}, nor ${passwordNames.stored}: the password of RDS_USER. ` +
        "Set one of them, or RDS_AUTH to 'iam'. See .env.example.",
    );
  let latest: { readonly text: string; readonly password: string } | undefined;
  const read = async (refused?: string): Promise<string> => {
    const stale = refused !== undefined && latest?.password === refused ? latest.text : undefined;
    const text = await secret.read(stale);
    latest = { text, password: passwordIn(secret, text, user) };
    return latest.password;
  };
  if (secret.name !== passwordNames.stored) return read;
  return (refused) => (refused === undefined ? read() : rotatedPassword(() => read(refused), refused));
}

/** A secret of Secrets Manager has a shape, as RDS rotates it; a variable or a file is the password itself. */
function passwordIn({ name }: SecretValue, text: string, user: string): string {
  if (name !== passwordNames.stored) {
    const password = name === passwordNames.file ? text.replace(/\r?\n$/, '') : text;
    if (password !== '') return password;
    throw new MigrationError('SECRET_MISSING', `${name} names an empty file; it has to hold the password.`);
  }
  const { username, password } = parseDatabaseSecret(name, text, ['postgres', 'aurora-postgresql']);
  if (username === user) return password;
  throw new MigrationError(
    'SECRET_MISSING',
    `${name} is the secret of another user than RDS_USER '${user}'. Name that user, or its own secret.`,
  );
}
