import type { InfraConfig } from '../config.js';

/** An ARN as plain text: what a policy names can then be read in the template, and checked. */
export function arnOf({ region, account }: InfraConfig, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/** Of a bucket, or of objects in it. */
export function bucketArn(config: InfraConfig, kind: BucketKind, keys?: string): string {
  const arn = `arn:${partitionOf(config.region)}:s3:::${bucketName(config, kind)}`;
  return keys === undefined ? arn : `${arn}/${keys}`;
}

export type BucketKind = 'raw' | 'transformed' | 'stats';

/** Bucket names are the whole world's: account and region keep them apart. */
export function bucketName({ name, account, region }: InfraConfig, kind: BucketKind): string {
  return `${name}-${kind}-${account}-${region}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
