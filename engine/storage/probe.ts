import { randomUUID } from 'node:crypto';
import { MigrationError } from '../errors.js';
import type { Bucket } from './bucket.js';

/**
 * Writes, reads and deletes an object of its own, and has a conditional write refused: manifests rest on that. Throws
 * STORAGE_ACCESS naming the bucket and the failed step, or STORAGE_THROTTLED.
 */
export async function probeBucket(bucket: Bucket): Promise<void> {
  const key = `migrate-probe-${randomUUID()}`;
  const first = await step(bucket, 'written', () => bucket.putIf(key, key, null));
  const second = await step(bucket, 'written', () => bucket.putIf(key, `another ${key}`, null));
  const read = await step(bucket, 'read', () => bucket.get(key));
  await step(bucket, 'deleted', () => bucket.delete(key));
  // S3 denies what is not there to those who may not list.
  await step(bucket, 'asked for what is not there', () => bucket.get(key));
  if (second)
    throw new MigrationError(
      'STORAGE_ACCESS',
      `${bucket.url} ignores the condition of a conditional write (If-None-Match): of two attempts both would win. ` +
        'Use a store that heeds it.',
    );
  if (!first || read?.body !== key)
    throw new MigrationError('STORAGE_ACCESS', `${bucket.url} does not give back what was written to it.`);
}

async function step<T>(bucket: Bucket, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === 'STORAGE_THROTTLED') throw error;
    const next = error.code === 'STORAGE_ACCESS' ? '' : ' Check that it exists and that it can be reached.';
    throw new MigrationError('STORAGE_ACCESS', `${bucket.url} cannot be ${what}: ${error.message}${next}`, {
      cause: error,
    });
  }
}
