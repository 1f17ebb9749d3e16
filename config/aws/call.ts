import { MigrationError } from '../../engine/errors.js';

/** One request to AWS, as messages tell of it. */
export interface AwsCall {
  /** What asks, such as `SOURCE_SECRET_ID`. */
  readonly subject: string;
  /** As policies name it: `secretsmanager:GetSecretValue`. */
  readonly action: string;
  /** Name or ARN. */
  readonly resource: string;
  readonly region: string;
}

/** What every client of this room is made with. An ARN says its region itself; a name is looked for in AWS_REGION. */
export function clientOptions(resource: string) {
  const region = /^arn:[^:]*:[^:]*:([a-z0-9-]+):/.exec(resource)?.[1];
  return {
    ...(region !== undefined && { region }),
    maxAttempts: 4,
    // Without these a subnet that has no route to the service would be silent for minutes.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
  } as const;
}

/** The region that a client works in. Throws CONFIG_INVALID where nothing says one. */
export async function regionOf(
  subject: string,
  client: { readonly config: { readonly region: string | (() => Promise<string>) } },
): Promise<string> {
  const { region } = client.config;
  try {
    return typeof region === 'string' ? region : await region();
  } catch (cause) {
    throw new MigrationError(
      'CONFIG_INVALID',
      `${subject}: no region is known. Set AWS_REGION, or give the ARN instead of the name.`,
      { cause },
    );
  }
}

const expired: ReadonlySet<string> = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired']);
const unknownCaller: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationTokenException',
  'MissingAuthenticationToken',
]);
const denied: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied']);
const undecipherable: ReadonlySet<string> = new Set([
  'DecryptionFailure',
  'InvalidKeyId',
  'KMSInvalidStateException',
]);

/**
 * What a failed request means, whichever service it went to: AWS_ACCESS for what a person has to mend (naming action
 * and resource), AWS_UNAVAILABLE for what may pass. Causes that only one service has are its caller's.
 */
export function awsFailure(error: unknown, call: AwsCall): MigrationError {
  if (error instanceof MigrationError) return error;
  const { name, message, status, code } = factsOf(error);
  const tried = `${call.subject}: ${call.action} on ${call.resource} in region ${call.region}`;
  const access = (advice: string): MigrationError =>
    new MigrationError('AWS_ACCESS', `${tried}: ${advice}`, { cause: error });
  if (expired.has(name))
    return access(
      `the credentials have expired (${name}). Renew them, or run the worker under a role, whose credentials renew themselves.`,
    );
  if (unknownCaller.has(name))
    return access(
      `AWS does not accept this worker's credentials (${name}). Check its role or its AWS_ variables.`,
    );
  if (undecipherable.has(name) || (denied.has(name) && /access to kms|kms:|ciphertext|master key/i.test(message)))
    return access(
      `the value cannot be decrypted (${name}). Allow kms:Decrypt on its key for this worker's role, and check that the key is enabled.`,
    );
  if (denied.has(name) || status === 401 || status === 403)
    return access(
      `not allowed (${name}). Allow ${call.action} on it for this worker's role.${said(message)}`,
    );
  if (
    status !== undefined &&
    status < 500 &&
    status !== 429 &&
    !/throttl|TooManyRequests|LimitExceeded/i.test(name)
  )
    return access(`refused (${name}).${said(message)}`);
  return new MigrationError(
    'AWS_UNAVAILABLE',
    `${tried}: ${status === undefined ? `no answer (${code ?? name}). Check AWS_REGION, and that the network has a route or a VPC endpoint to the service` : `not served now (${name})`}; it is tried again.`,
    { cause: error },
  );
}

/** What is known of an error of the SDK, of credentials or of the network. */
export function factsOf(error: unknown): {
  readonly name: string;
  readonly message: string;
  readonly status?: number;
  readonly code?: string;
} {
  if (typeof error !== 'object' || error === null) return { name: 'unknown error', message: '' };
  const text = (key: string): string | undefined => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' ? value : undefined;
  };
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  // The SDK may wrap an error of the network; then only its text has the code.
  const code = text('code') ?? /\bE[A-Z_]{4,}\b/.exec(text('message') ?? '')?.[0];
  // Whatever stands in between, and answers in another language than the service.
  const foreign = text('name') === 'SyntaxError' && typeof status === 'number';
  return {
    name: foreign ? `HTTP ${status}` : (text('name') ?? 'unknown error'),
    message: foreign ? '' : (text('message') ?? ''),
    ...(typeof status === 'number' && { status }),
    ...(code !== undefined && { code }),
  };
}

/** Who was refused, and by which policy, is in the service's own words. */
function said(message: string): string {
  return message === '' ? '' : ` AWS says: ${message.replace(/[.\s]*$/, '.')}`;
}
