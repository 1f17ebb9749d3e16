import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { startMoto } from './moto.js';
import { startSeaweedFs } from './seaweedfs.js';
import type { SandboxSecrets } from './secrets.js';

/** Names of what the sandbox keeps on its stand-ins for AWS. */
const awsNames = {
  buckets: ['raw', 'transformed', 'stats'],
  sourceSecret: 'migration/sqlserver',
  migrationParameter: '/migration-parameter/cell-perf-stats',
  mappingsParameter: '/migration-parameter/server-mappings',
} as const;

/** What the product is told of them: all but the contents. */
export type AwsVariables = Readonly<Record<string, string>>;

/**
 * Starts an S3 server, with its buckets, and a stand-in for Secrets Manager and Parameter Store, in memory and empty.
 * Both end with the sandbox.
 */
export async function startAwsStandIns(directory: string, secrets: SandboxSecrets): Promise<AwsVariables> {
  const starting = [startObjectStore(directory, secrets), startMoto({ directory })] as const;
  await Promise.allSettled(starting);
  const [objects, others] = await Promise.all(starting);
  return {
    ...objects,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: others.endpoint,
    AWS_ENDPOINT_URL_SSM: others.endpoint,
    SOURCE_SECRET_ID: awsNames.sourceSecret,
    MIGRATION_PARAMETER: awsNames.migrationParameter,
    SERVER_MAPPINGS_PARAMETER: awsNames.mappingsParameter,
  };
}

/** The S3 server alone, on data of an earlier start where there is some. @param port a free one where it is left out */
export async function startObjectStore(
  directory: string,
  secrets: SandboxSecrets,
  port?: number,
): Promise<AwsVariables> {
  const { environment } = await startSeaweedFs({
    directory,
    owner: { accessKeyId: 'sandbox', secretAccessKey: secrets.objectStoreKey },
    buckets: awsNames.buckets,
    ...(port !== undefined && { port }),
  });
  const [raw, transformed, stats] = awsNames.buckets;
  return {
    ...environment,
    RAW_BUCKET: `s3://${raw}`,
    TRANSFORMED_BUCKET: `s3://${transformed}`,
    STATS_BUCKET: `s3://${stats}`,
  };
}

/** Puts the source's secret and both founding parameters where `variables` say, out of the files of `configDir`. */
export async function fillAwsStandIns(
  variables: AwsVariables,
  sourceSecret: string,
  configDir: string,
): Promise<void> {
  const client = {
    region: variables.AWS_REGION ?? '',
    credentials: {
      accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
    },
  };
  const secretsManager = new SecretsManagerClient({
    ...client,
    endpoint: variables.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? '',
  });
  await secretsManager.send(
    new CreateSecretCommand({ Name: awsNames.sourceSecret, SecretString: sourceSecret }),
  );
  const parameters = new SSMClient({ ...client, endpoint: variables.AWS_ENDPOINT_URL_SSM ?? '' });
  const put = (Name: string, Type: 'String' | 'SecureString', file: string) =>
    parameters.send(
      new PutParameterCommand({ Name, Type, Value: readFileSync(join(configDir, file), 'utf8') }),
    );
  await put(awsNames.migrationParameter, 'SecureString', 'migration-parameters/cell_perf_stats.json');
  await put(awsNames.mappingsParameter, 'String', 'server-mappings.json');
}
