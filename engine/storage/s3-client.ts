import { S3Client } from '@aws-sdk/client-s3';

/** What is set for S3 apart from what every AWS client reads: region, credentials, profile. */
export interface S3Settings {
  /** Of an S3-compatible server or a VPC endpoint; AWS itself where it is left out. */
  readonly endpoint?: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle?: boolean;
  /** Objects are encrypted with this KMS key; as the bucket is set up where it is left out. */
  readonly kmsKeyId?: string;
  /** The account that every bucket must belong to, twelve digits; any where it is left out. */
  readonly bucketOwner?: string;
}

/**
 * The SDK waits between attempts, from a tenth of a second (half a second where the store asks for fewer requests)
 * doubling up to 20 s, and gives up sooner when most requests of a client fail. Then the step is tried again.
 */
const maxAttempts = 6;
/** A part's pieces, times the steps of a worker; more requests wait for a free connection. */
const maxSockets = 64;
/** Without a byte in either direction. The longest honest silence is S3 putting a large object together. */
const idleMs = 60_000;
const connectMs = 5_000;

/** A client of S3, connected to nothing yet. */
export function createS3Client({ endpoint, pathStyle = false }: S3Settings): S3Client {
  const agent = { keepAlive: true, maxSockets };
  return new S3Client({
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle,
    retryMode: 'standard',
    maxAttempts,
    // With it each piece would have a connection of its own, beside those that are counted.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
