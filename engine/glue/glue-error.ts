import { credentialsMayCome } from '../aws-credentials.js';
import { MigrationError } from '../errors.js';

/** Glue, or the account, has no room now: what was asked for was not done, and may be asked for again later. */
const backPressure: ReadonlySet<string> = new Set([
  'ConcurrentRunsExceededException',
  'ResourceNumberLimitExceededException',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
]);

const accessErrors: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
  'ExpiredToken',
  'CredentialsProviderError',
  'OptInRequired',
]);

const refusals: ReadonlySet<string> = new Set([
  'InvalidInputException',
  'ValidationException',
  'EntityNotFoundException',
  'GlueEncryptionException',
  'OperationNotSupportedException',
]);

/** What was asked of which service, for messages: `glue:StartJobRun`, and on what. */
export interface Asked {
  readonly action: string;
  readonly resource: string;
}

export function isBackPressure(error: unknown): boolean {
  return backPressure.has(nameOf(error));
}

/** Whether the service may have done what it was asked to, although it gave no answer that says so. */
export function isUnanswered(error: unknown): boolean {
  const name = nameOf(error);
  return !(backPressure.has(name) || accessErrors.has(name) || refusals.has(name));
}

/**
 * An error of a service as GLUE_ACCESS (naming the action and resource), GLUE_JOB (no such job or run, or a request that
 * it refuses) or GLUE_UNAVAILABLE. The service's own text is left out but for its name: it may quote arguments.
 */
export function glueError(error: unknown, { action, resource }: Asked): MigrationError {
  if (error instanceof MigrationError) return error;
  const name = nameOf(error);
  if (accessErrors.has(name) && !credentialsMayCome(error))
    return new MigrationError(
      'GLUE_ACCESS',
      `${action} on ${resource}: ${name}. Allow the worker's role ${action} on it, and check its credentials and region.`,
      { cause: error },
    );
  if (name === 'EntityNotFoundException')
    return new MigrationError(
      'GLUE_JOB',
      `${action}: there is no ${resource} in this account and region. Deploy it, or correct "glue" in the category file.`,
      { cause: error },
    );
  if (refusals.has(name))
    return new MigrationError(
      'GLUE_JOB',
      `${action} on ${resource}: ${name}. Compare the job's definition and "glue" in the category file.`,
      { cause: error },
    );
  return new MigrationError('GLUE_UNAVAILABLE', `${action} on ${resource}: ${name || 'no answer'}.`, {
    cause: error,
  });
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code: unknown = (error as NodeJS.ErrnoException).code;
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}
