import { z } from 'zod';
import { oneOf } from './variables.js';

/** What is set for S3 buckets; region and credentials are read by the AWS SDK itself. */
export interface StorageEnvironment {
  /** URL of an S3-compatible server or a VPC endpoint; absent for AWS itself. */
  readonly endpoint?: string;
  readonly pathStyle: boolean;
  /** KMS key that objects are encrypted with; absent for what the bucket is set up with. */
  readonly kmsKeyId?: string;
  /** Account that the buckets must belong to; absent for any. */
  readonly bucketOwner?: string;
}

const refusal = (allowed: string) => (issue: { readonly input: unknown }) =>
  `is '${issue.input}'; allowed: ${allowed}`;

const endpoint = z
  .url({
    protocol: /^https?$/,
    error: refusal('an http or https URL, for example https://s3.example.com:9000'),
  })
  .optional();

export const storageVariables = z.object({
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ENDPOINT_URL: endpoint,
  // Servers other than AWS seldom have a host name for each bucket.
  S3_PATH_STYLE: oneOf(['auto', 'on', 'off']),
  S3_KMS_KEY_ID: z
    .string()
    .regex(
      /^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/.+|alias\/.+|mrk-[0-9a-f]{32}|[0-9a-f-]{36})$/,
      {
        error: refusal("the id, ARN or 'alias/…' of a KMS key"),
      },
    )
    .optional(),
  S3_BUCKET_OWNER: z
    .string()
    .regex(/^\d{12}$/, { error: refusal('the twelve digits of an AWS account') })
    .optional(),
});

export function storageOf(checked: z.infer<typeof storageVariables>): StorageEnvironment {
  const { S3_PATH_STYLE: style, S3_KMS_KEY_ID: kmsKeyId, S3_BUCKET_OWNER: bucketOwner } = checked;
  const endpoint = checked.AWS_ENDPOINT_URL_S3 ?? checked.AWS_ENDPOINT_URL;
  return {
    ...(endpoint !== undefined && { endpoint }),
    pathStyle: style === 'auto' ? endpoint !== undefined : style === 'on',
    ...(kmsKeyId !== undefined && { kmsKeyId }),
    ...(bucketOwner !== undefined && { bucketOwner }),
  };
}
