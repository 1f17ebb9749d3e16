import { fileURLToPath } from 'node:url';
import { MigrationError } from '../errors.js';
import type { Bucket } from './bucket.js';
import { createFileBucket } from './file-bucket.js';
import { createS3Bucket } from './s3-bucket.js';
import type { S3Settings } from './s3-client.js';

/**
 * Opens `file:///absolute/directory`, `s3://bucket/prefix`, or `bucket` / `bucket/prefix` (S3 as well).
 * `s3` is for the last two. Touches nothing yet; throws CONFIG_INVALID for any other form.
 */
export function openBucket(url: string, s3: S3Settings): Bucket {
  if (url.startsWith('file:')) return createFileBucket(fileRoot(url));
  const location = url.startsWith('s3://') ? url.slice('s3://'.length) : url;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^\s?#]*)?$/.test(location)) throw invalid(url);
  return createS3Bucket(location, s3);
}

function fileRoot(url: string): string {
  try {
    const path = fileURLToPath(url);
    if (url.startsWith('file:///') && path !== '/') return path;
  } catch (error) {
    throw invalid(url, error);
  }
  throw invalid(url);
}

function invalid(url: string, cause?: unknown): MigrationError {
  return new MigrationError(
    'CONFIG_INVALID',
    `Bucket ${JSON.stringify(url)} is neither file:///absolute/directory, s3://bucket/prefix nor a bucket's name.`,
    { cause },
  );
}
