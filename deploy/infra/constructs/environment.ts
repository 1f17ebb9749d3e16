import type { InfraConfig } from '../config.js';
import type { FoundationStack } from '../foundation-stack.js';
import { parameterNames } from './parameters.js';

/** Fargate kills a container two minutes after it told it to stop; cancelled steps take some 15 s to let go. */
export const stopSeconds = 120;
const drainSeconds = 95;

/** Where the Dockerfile puts the authorities of RDS. */
export const rdsAuthorities = '/etc/ssl/rds/global-bundle.pem';

/** Of a Temporal server of the deployment's own. */
export const serverName = 'temporal';
export const temporalPort = 7233;
/** Its names' domain, known in the VPC only. */
export function domainOf(name: string): string {
  return `${name}.internal`;
}

/** How any process of the image reaches Temporal. What lets it in comes from the secret. */
export function temporalEnvironment({ name, temporal }: InfraConfig): Readonly<Record<string, string>> {
  if ('address' in temporal)
    return {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_TLS: 'true',
    };
  return {
    TEMPORAL_ADDRESS: `${serverName}.${domainOf(name)}:${temporalPort}`,
    TEMPORAL_NAMESPACE: 'default',
  };
}

/** The rest of what a worker is told, by the founding names. */
export function migrationEnvironment(
  config: InfraConfig,
  { buckets, key, sourceSecret }: FoundationStack,
): Readonly<Record<string, string>> {
  const { account, target, sources } = config;
  const names = parameterNames(config);
  return {
    MIGRATION_PARAMETER: names.migration,
    SERVER_MAPPINGS_PARAMETER: names.mappings,
    RDS_ENDPOINT: target.endpoint,
    RDS_USER: target.user,
    RDS_DATABASE: target.database,
    RDS_AUTH: 'iam',
    RDS_CA_FILE: rdsAuthorities,
    ...(sources.caFile !== undefined && { MSSQL_CA_FILE: sources.caFile }),
    SOURCE_SECRET_ID: sourceSecret.secretArn,
    RAW_BUCKET: `s3://${buckets.raw.bucketName}`,
    TRANSFORMED_BUCKET: `s3://${buckets.transformed.bucketName}`,
    STATS_BUCKET: `s3://${buckets.stats.bucketName}`,
    S3_KMS_KEY_ID: key.keyArn,
    S3_BUCKET_OWNER: account,
    DRAIN_SECONDS: `${drainSeconds}`,
    LOG_FORMAT: 'json',
  };
}
