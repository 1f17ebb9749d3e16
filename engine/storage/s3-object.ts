import type { S3Client, ServerSideEncryption } from '@aws-sdk/client-s3';

/** What every request of one object says, and who sends it. */
export interface S3Object {
  readonly client: S3Client;
  readonly at: { readonly Bucket: string; readonly Key: string; readonly ExpectedBucketOwner?: string };
  /** For those that write; empty where the bucket decides. */
  readonly encryption: {
    readonly ServerSideEncryption?: ServerSideEncryption;
    readonly SSEKMSKeyId?: string;
    readonly BucketKeyEnabled?: boolean;
  };
}

/** A large object travels in pieces of this length, several at a time, each of which can be sent again. */
export const pieceBytes = 8 * 1024 * 1024;
export const piecesInFlight = 4;

/**
 * Runs so many of `lane` side by side. When one fails, the signal that all were given tells the others; they are waited
 * for, and then it throws what the first threw, or the reason of `signal`.
 */
export async function inLanes(
  lanes: number,
  signal: AbortSignal | undefined,
  lane: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const run = () => lane(stop).catch((error: unknown) => failed.abort(error));
  await Promise.all(Array.from({ length: lanes }, run));
  stop.throwIfAborted();
}
