import { credentialsMayCome } from '../aws-credentials.js';
import { type ErrorCode, MigrationError } from '../errors.js';
import type { S3Settings } from './s3-client.js';
import { fileError, systemCode, textField } from './storage-error.js';

/** What was tried with an object or a prefix, for the message when it fails. */
export interface S3Attempt {
  readonly verb: 'read' | 'write' | 'list' | 'delete';
  readonly key: string;
  /** Of the bucket: `s3://name/prefix`. */
  readonly url: string;
  /** What the client signs for, where that is known. */
  readonly region: string | undefined;
  readonly settings: S3Settings;
}

const throttled = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'TooManyRequestsException',
]);

/** By the code of S3's answer: what to do about one that does not pass by itself. */
const advice: Readonly<Record<string, string>> = {
  NoSuchBucket: "There is no such bucket: correct the bucket's variable, or create it.",
  InvalidBucketName: "No bucket can have this name: correct the bucket's variable.",
  InvalidAccessKeyId: "Nobody has this access key: check this worker's credentials.",
  SignatureDoesNotMatch: "The secret does not fit the access key: check this worker's credentials.",
  CredentialsProviderError:
    'There are no credentials: give this worker a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  RequestTimeTooSkewed: "This machine's clock is wrong: set it.",
  InvalidObjectState:
    'The object is in an archive: restore it, and keep the lifecycle rule from moving others there.',
  AllAccessDisabled: 'The bucket is closed to everybody: ask its owner.',
  AccountProblem: "There is a problem with the bucket owner's account: ask AWS.",
  NotImplemented: 'The server has no such request: use one that has multipart uploads and conditional puts.',
};
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'InvalidToken', 'TokenRefreshRequired']);
const elsewhere = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const notAsSent = new Set(['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch']);

/** HTTP status of an S3 failure, or undefined. */
export function s3Status(error: unknown): number | undefined {
  const status = at(error, '$metadata', 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** How often the client has sent a request that failed. */
export function s3Attempts(error: unknown): number {
  const attempts = at(error, '$metadata', 'attempts');
  return typeof attempts === 'number' ? attempts : 1;
}

export function isMissingObject(error: unknown): boolean {
  const name = textField(error, 'name') ?? '';
  return name === 'NoSuchKey' || name === 'NotFound' || (s3Status(error) === 404 && name !== 'NoSuchBucket');
}

/**
 * An S3 failure as STORAGE_ACCESS (bucket, region, credentials, permission, key: nothing that passes by itself),
 * STORAGE_THROTTLED, DISK_FULL or STORAGE_IO, with what to do about it.
 */
export function s3Error(error: unknown, attempt: S3Attempt): MigrationError {
  if (error instanceof MigrationError) return error;
  const { verb, key, url, region, settings } = attempt;
  const where = [region, settings.endpoint].filter((part) => part !== undefined).join(', ');
  const what = `Cannot ${verb} ${key} in ${url}${where && ` (${where})`}`;
  const system = systemCode(error);
  const status = s3Status(error);
  if (status === undefined && (system === 'ENOSPC' || system === 'EDQUOT')) return fileError(error, what);
  const name = textField(error, 'name') ?? 'unknown error';
  const [code, next] = judge(error, name, status, attempt);
  const said = status === undefined ? (system ?? name) : `${name} (HTTP ${status})`;
  return new MigrationError(code, `${what}: ${said}.${next && ` ${next}`}`, { cause: error });
}

function judge(
  error: unknown,
  name: string,
  status: number | undefined,
  attempt: S3Attempt,
): readonly [ErrorCode, string] {
  if (throttled.has(name) || status === 429 || status === 503)
    return ['STORAGE_THROTTLED', 'The store asks for fewer requests.'];
  if (credentialsMayCome(error)) return ['STORAGE_IO', "The container's credentials cannot be had now."];
  if (elsewhere.has(name) || status === 301) return ['STORAGE_ACCESS', inAnotherRegion(error, attempt)];
  if (expired.has(name)) {
    return ['STORAGE_ACCESS', "This worker's credentials have expired: renew them, or give it a role."];
  }
  if (name.startsWith('KMS.')) return ['STORAGE_ACCESS', unusableKey(attempt)];
  if (advice[name] !== undefined) return ['STORAGE_ACCESS', advice[name]];
  if (status === 401 || status === 403) return ['STORAGE_ACCESS', notAllowed(error, attempt)];
  if (textField(error, 'message') === 'Region is missing') return ['STORAGE_ACCESS', 'Set AWS_REGION.'];
  if (notAsSent.has(name)) return ['STORAGE_IO', 'The bytes were changed on their way.'];
  if (status === 412) return ['STORAGE_IO', 'The object was replaced while it was read.'];
  return ['STORAGE_IO', ''];
}

function inAnotherRegion(error: unknown, { region }: S3Attempt): string {
  const told = at(error, 'Region') ?? at(error, '$response', 'headers', 'x-amz-bucket-region');
  const where = typeof told === 'string' && told !== region ? told : 'another region';
  return `The bucket is in ${where}: set AWS_REGION to the region of all three buckets.`;
}

function unusableKey({ settings }: S3Attempt): string {
  const key = settings.kmsKeyId === undefined ? "The bucket's key" : `Key ${settings.kmsKeyId}`;
  return `${key} cannot be used: it must exist in the bucket's region and be enabled.`;
}

/** What AWS says is missing, or else what the request needs. */
function notAllowed(error: unknown, attempt: S3Attempt): string {
  const { bucketOwner } = attempt.settings;
  const said = /is not authorized to perform: (\S+)(?: on resource: "?([^"\s]+))?/.exec(
    textField(error, 'message') ?? '',
  );
  const needs = said ? `${said[1]} on ${said[2] ?? 'its resource'}` : needed(attempt);
  const allow = `It needs ${needs}: allow that for this worker, in its role and in the bucket's policy.`;
  return bucketOwner === undefined
    ? allow
    : `${allow} Or the bucket is not of account ${bucketOwner}, which S3_BUCKET_OWNER names.`;
}

function needed({ verb, url, region, settings }: S3Attempt): string {
  const partition = /^(cn|us-gov)-/.exec(region ?? '');
  const [name = '', ...prefix] = url.slice('s3://'.length).split('/');
  const bucket = `arn:aws${partition ? `-${partition[1]}` : ''}:s3:::${name}`;
  const objects = `${[bucket, ...prefix].join('/')}/*`;
  const key = settings.kmsKeyId === undefined ? '' : ` on ${settings.kmsKeyId}`;
  switch (verb) {
    case 'list':
      return `s3:ListBucket on ${bucket}`;
    case 'delete':
      return `s3:DeleteObject on ${objects}`;
    case 'read':
      // Without the second, S3 denies what is not there instead of saying so.
      return `s3:GetObject on ${objects} and s3:ListBucket on ${bucket}${key && `, and kms:Decrypt${key}`}`;
    case 'write':
      return `s3:PutObject on ${objects}${key && `, and kms:GenerateDataKey and kms:Decrypt${key}`}`;
  }
}

/** A field of a field of an error, or undefined. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}
