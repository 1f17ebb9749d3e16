import { credentialsMayCome } from '../../engine/aws-credentials.js';
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

interface Facts {
  readonly name: string;
  readonly message: string;
  /** Of the answer; absent where there was none. */
  readonly status?: number;
  readonly code?: string;
}

/** What a person has to mend, the first that applies; `action` is the caller's. */
const refusals: readonly {
  readonly applies: (facts: Facts) => boolean;
  readonly advice: (action: string) => string;
  /** Who was refused, and by which policy, is in the service's own words. */
  readonly quoted?: true;
}[] = [
  {
    applies: ({ name }) => /^(ExpiredToken|RequestExpired)/.test(name),
    advice: () =>
      'the credentials have expired. Renew them, or run the worker under a role, whose credentials renew themselves.',
  },
  {
    applies: ({ name }) =>
      /^(CredentialsProviderError|TokenProviderError|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|IncompleteSignature|MissingAuthenticationToken)/.test(
        name,
      ),
    advice: () => "AWS does not accept this worker's credentials. Check its role or its AWS_ variables.",
  },
  {
    applies: ({ name, message }) =>
      /^(DecryptionFailure|InvalidKeyId|KMS)/.test(name) ||
      (isDenied(name) && /access to kms|kms:|ciphertext|master key/i.test(message)),
    advice: () =>
      "the value cannot be decrypted. Allow kms:Decrypt on its key for this worker's role, and check that the key is enabled.",
  },
  {
    applies: ({ name, status }) => isDenied(name) || status === 401 || status === 403,
    advice: (action) => `not allowed. Allow ${action} on it for this worker's role.`,
    quoted: true,
  },
  {
    applies: ({ name, status = 500 }) =>
      status < 500 && status !== 429 && !/throttl|TooManyRequests|LimitExceeded/i.test(name),
    advice: () => 'refused.',
    quoted: true,
  },
];

function isDenied(name: string): boolean {
  return name.startsWith('AccessDenied');
}

/**
 * What a failed request means, whichever service it went to: AWS_ACCESS for what a person has to mend (naming action
 * and resource), AWS_UNAVAILABLE for what may pass. Causes that only one service has are its caller's.
 */
export function awsFailure(error: unknown, call: AwsCall): MigrationError {
  if (error instanceof MigrationError) return error;
  const facts = factsOf(error);
  const { name, message, status, code = name } = facts;
  const tried = `${call.subject}: ${call.action} on ${call.resource} in region ${call.region}`;
  if (credentialsMayCome(error))
    return new MigrationError(
      'AWS_UNAVAILABLE',
      `${tried}: the container's credentials cannot be had now; it is tried again.`,
      { cause: error },
    );
  const refusal = refusals.find(({ applies }) => applies(facts));
  if (refusal !== undefined) {
    const said = refusal.quoted && message !== '' ? ` AWS says: ${message.replace(/[.\s]*$/, '.')}` : '';
    return new MigrationError('AWS_ACCESS', `${tried} (${name}): ${refusal.advice(call.action)}${said}`, {
      cause: error,
    });
  }
  const what =
    status === undefined
      ? `no answer (${code}). Check AWS_REGION, and that the network has a route or a VPC endpoint to the service`
      : `not served now (${name})`;
  return new MigrationError('AWS_UNAVAILABLE', `${tried}: ${what}; it is tried again.`, { cause: error });
}

/** What is known of an error of the SDK, of credentials or of the network. */
export function factsOf(error: unknown): Facts {
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
