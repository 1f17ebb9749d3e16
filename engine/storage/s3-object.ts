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
