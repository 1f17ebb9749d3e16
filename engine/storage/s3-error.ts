import { MigrationError } from '../errors.js';
import { fileError, systemCode, textField } from './storage-error.js';

const accessNames = new Set([
  'NoSuchBucket',
  'AccessDenied',
  'AllAccessDisabled',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidBucketName',
  'PermanentRedirect',
  'CredentialsProviderError',
  'NotImplemented',
]);

/** HTTP status of an S3 failure, or undefined. */
export function s3Status(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

export function isMissingObject(error: unknown): boolean {
  const name = textField(error, 'name') ?? '';
  return name === 'NoSuchKey' || name === 'NotFound' || (s3Status(error) === 404 && name !== 'NoSuchBucket');
}

/** An S3 failure as STORAGE_ACCESS (missing bucket, permission, credentials), DISK_FULL or STORAGE_IO. */
export function s3Error(error: unknown, what: string): MigrationError {
  if (error instanceof MigrationError) return error;
  const name = textField(error, 'name') ?? 'unknown error';
  const status = s3Status(error);
  if (accessNames.has(name) || status === 401 || status === 403) {
    return new MigrationError(
      'STORAGE_ACCESS',
      `${what}: ${name}. Check the bucket's name and region, and this worker's credentials and permissions.`,
      { cause: error },
    );
  }
  const code = systemCode(error);
  if (status === undefined && (code === 'ENOSPC' || code === 'EDQUOT')) return fileError(error, what);
  return new MigrationError('STORAGE_IO', `${what}: ${code ?? name}${status ? ` (HTTP ${status})` : ''}.`, {
    cause: error,
  });
}
