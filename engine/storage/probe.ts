import { randomUUID } from 'node:crypto';
import { MigrationError } from '../errors.js';
import type { Bucket } from './bucket.js';
import { textField } from './storage-error.js';

/** Writes, reads and deletes an object of its own; throws STORAGE_ACCESS naming the bucket and the failed step. */
export async function probeBucket(bucket: Bucket): Promise<void> {
  const key = `migrate-probe-${randomUUID()}`;
  await step(bucket, 'written', () => bucket.put(key, key));
  const read = await step(bucket, 'read', () => bucket.get(key));
  await step(bucket, 'deleted', () => bucket.delete(key));
  if (read?.body !== key) {
    throw new MigrationError('STORAGE_ACCESS', `${bucket.url} does not give back what was written to it.`);
  }
}

async function step<T>(bucket: Bucket, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = textField(error, 'message') ?? String(error);
    throw new MigrationError(
      'STORAGE_ACCESS',
      `${bucket.url} cannot be ${what}: ${reason} Check that it exists and that this worker may use it.`,
      { cause: error },
    );
  }
}
