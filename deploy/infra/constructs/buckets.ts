import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { encodeSegment } from '../../../engine/storage/keys.js';
import type { InfraConfig } from '../config.js';
import { acknowledge } from './acknowledge.js';
import { type BucketKind, bucketName } from './arns.js';

export type Buckets = Readonly<Record<BucketKind, Bucket>>;

/** Longer than any attempt of a step lasts: what is incomplete then belongs to nobody. */
const abandonedAfter = Duration.days(3);
const noncurrentFor = Duration.days(90);
/** Rows in quarantine may be personal data: what was deleted there is to be gone. */
const quarantine = 'quarantine/';
const goneAfter = Duration.days(1);

/** The three buckets: private, over TLS only, under the deployment's key; they outlive the stack. */
export function createBuckets(scope: Construct, config: InfraConfig, key: IKey): Buckets {
  const retention = (kind: 'raw' | 'transformed' | 'quarantine', folder = ''): readonly LifecycleRule[] =>
    Object.entries(config.categories).flatMap(([category, { retentionDays }]) => {
      const days = retentionDays[kind];
      if (days === undefined) return [];
      const prefix = `${folder}${encodeSegment(category)}/`;
      return [{ id: `${kind}-${category}`, prefix, expiration: Duration.days(days) }];
    });
  const create = (
    id: string,
    kind: BucketKind,
    rules: readonly LifecycleRule[],
    versioned: boolean,
  ): Bucket => {
    const bucket = new Bucket(scope, id, {
      bucketName: bucketName(config, kind),
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      // One data key for many objects: else each part would be a request to KMS.
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: 'abandoned', abortIncompleteMultipartUploadAfter: abandonedAfter }, ...rules],
    });
    acknowledge(bucket, {
      'AwsSolutions-S1':
        'Access logs would be a bucket more with a line for each part; data events of CloudTrail, where an account wants them, say the same and who it was.',
    });
    return bucket;
  };
  // Parts can be made again from the source, and a manifest is only ever put over an older one of the same window.
  const raw = create('Raw', 'raw', retention('raw'), false);
  const transformed = create('Transformed', 'transformed', retention('transformed'), false);
  // Reports are the only record of what was migrated; a row in quarantine is nowhere else but at the source.
  const stats = create(
    'Stats',
    'stats',
    [
      { id: 'noncurrent', noncurrentVersionExpiration: noncurrentFor, expiredObjectDeleteMarker: true },
      { id: 'gone', prefix: quarantine, noncurrentVersionExpiration: goneAfter },
      ...retention('quarantine', quarantine),
    ],
    true,
  );
  return { raw, transformed, stats };
}
