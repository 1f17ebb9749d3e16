import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { logLines } from '../../../activities/log-lines';
import { parseEnvironment } from '../../../config/environment';
import { migrationParameterName } from '../../../config/parameter-names';
import { loadConfig } from '../../../deploy/infra/config';
import { scriptVersion } from '../../../engine/glue/job-request';
import { backlogMetrics } from '../../../workers/backlog';
import { deploymentOf, resourcesOf, selfHosted } from '../../support/deployment';

interface Variable {
  readonly Name: string;
  readonly Value?: unknown;
}
interface Container {
  readonly Name: string;
  readonly Command?: readonly string[];
  readonly EntryPoint?: readonly string[];
  readonly Environment?: readonly Variable[];
  readonly Secrets?: readonly Variable[];
  readonly ReadonlyRootFilesystem?: boolean;
  readonly RestartPolicy?: { readonly Enabled?: boolean };
  readonly HealthCheck?: { readonly Command?: readonly string[] };
}

const root = resolve(__dirname, '../../..');
const config = loadConfig(join(root, 'deploy/infra/config/sample.json'));
const deployment = deploymentOf();
const containers = resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap(
  ([, { Properties }]) => Properties.ContainerDefinitions as readonly Container[],
);
const container = (name: string): Container => {
  const found = containers.find(({ Name }) => Name === name);
  if (found === undefined) throw new Error(`No container ${name}`);
  return found;
};
const variablesOf = ({ Environment = [], Secrets = [] }: Container) => [...Environment, ...Secrets];
/** What CloudFormation fills in, as it would look. */
const filledIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return JSON.stringify(value).includes('s3://')
    ? 's3://bucket-of-the-deployment'
    : 'arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000';
};
const founding = [
  ...['MIGRATION_PARAMETER', 'SERVER_MAPPINGS_PARAMETER', 'RDS_ENDPOINT', 'RDS_USER'],
  ...['RAW_BUCKET', 'TRANSFORMED_BUCKET', 'STATS_BUCKET'],
];

test.each(containers.map((each) => [each.Name, each] as const))(
  '%s gets only variables that something reads',
  (_, each) => {
    const files = readdirSync(join(root, 'config'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join('config', name));
    const read = [...files, 'workers/logger.ts']
      .map((name) => readFileSync(join(root, name), 'utf8'))
      .join('\n');
    for (const { Name } of variablesOf(each)) {
      // Those of certificates are put together from their parts.
      const known = Name.replace(/_(DATA|PATH)$/, '');
      expect(read).toContain(known);
    }
  },
);

test.each(['Activities', 'Workflows', 'Migrate'])(
  "%s's variables are an environment that the product accepts, by the founding names",
  (name) => {
    const given = (container(name).Environment ?? []).map(({ Name, Value }) => [Name, filledIn(Value)]);
    const environment = parseEnvironment({ ...Object.fromEntries(given), RDS_CA_FILE: __filename });
    expect(given.map(([variable]) => variable)).toEqual(expect.arrayContaining(founding));
    expect(environment.target).toMatchObject({
      auth: 'iam',
      tls: 'verify',
      user: 'migration',
      database: 'warehouse',
    });
    expect(environment.temporal.tls).toBeDefined();
    expect(environment.drainSeconds).toBeLessThan(120 - 15);
  },
);

test('the parameter of each category has the name that a worker looks for', () => {
  const [, parameter] =
    resourcesOf(deployment, 'AWS::SSM::Parameter').find(([id]) => id.includes('cellperf')) ?? [];
  const pattern = container('Activities').Environment?.find(
    ({ Name }) => Name === 'MIGRATION_PARAMETER',
  )?.Value;
  expect(migrationParameterName(`${pattern}`, 'cell_perf_stats')).toBe(parameter?.Properties.Name);
});

test('parameters of two deployments in one account do not meet', () => {
  const namesOf = (name: string) =>
    resourcesOf(deploymentOf({ name }), 'AWS::SSM::Parameter').map(([, { Properties }]) => Properties.Name);
  for (const name of namesOf('first')) expect(namesOf('second')).not.toContain(name);
});

test('a gateway to S3 is made unless the subnets have one', () => {
  const endpoints = (createS3Gateway: boolean) =>
    resourcesOf(deploymentOf({ network: { ...config.network, createS3Gateway } }), 'AWS::EC2::VPCEndpoint')
      .length;
  expect([endpoints(true), endpoints(false)]).toEqual([1, 0]);
});

test('the backlog is published again where its container has ended', () => {
  expect(container('Backlog').RestartPolicy?.Enabled).toBe(true);
});

test('the key lets the logs of its own partition use it', () => {
  const china = deploymentOf({ region: 'cn-north-1' });
  const policies = resourcesOf(china, 'AWS::KMS::Key').map(([, { Properties }]) =>
    JSON.stringify(Properties),
  );
  expect(policies.join()).toContain('arn:aws-cn:logs:cn-north-1:111111111111:log-group:*');
  expect(policies.join()).not.toContain('arn:aws:logs');
});

test('jobs get the authority of the SQL Servers where there is one of their own, and may read it', () => {
  const key = 'migration-stats-111111111111-eu-west-1/drivers/own.p12';
  const own = deploymentOf({ sources: { ...config.sources, trustStore: 'own.p12' } });
  for (const [, { Properties }] of resourcesOf(own, 'AWS::Glue::Job'))
    expect(Properties.DefaultArguments).toMatchObject({ '--extra-files': `s3://${key}` });
  const policies = resourcesOf(own, 'AWS::IAM::Policy').map(([, { Properties }]) =>
    JSON.stringify(Properties),
  );
  expect(policies.join()).toContain(`arn:aws:s3:::${key}`);
});

test('no secret is in a template: what lets workers into Temporal comes by reference', () => {
  expect(container('Activities').Secrets?.map(({ Name }) => Name)).toEqual(['TEMPORAL_API_KEY']);
  const certificates = deploymentOf({
    temporal: {
      address: 'temporal.example.com:7233',
      namespace: 'migration',
      authentication: 'clientCertificate',
    },
  });
  const [, task] = resourcesOf(certificates, 'AWS::ECS::TaskDefinition')[0] ?? [];
  const [first] = (task?.Properties.ContainerDefinitions ?? []) as readonly Container[];
  expect(first?.Secrets?.map(({ Name }) => Name)).toEqual([
    'TEMPORAL_TLS_CLIENT_CERT_DATA',
    'TEMPORAL_TLS_CLIENT_KEY_DATA',
  ]);
});

test('a category is the command override of one run-task', () => {
  expect(container('Migrate').EntryPoint).toEqual(['node', 'dist/cli/main.js']);
  const families = resourcesOf(deployment, 'AWS::ECS::TaskDefinition').map(
    ([, { Properties }]) => Properties.Family,
  );
  expect(families).toContain('migration-launcher');
});

test('containers write to their scratch volumes only', () => {
  for (const { ReadonlyRootFilesystem } of containers) expect(ReadonlyRootFilesystem).toBe(true);
});

test('buckets are private, encrypted with the key, reached over TLS only, and give up unfinished uploads', () => {
  const buckets = resourcesOf(deployment, 'AWS::S3::Bucket');
  expect(buckets).toHaveLength(3);
  for (const [, { Properties }] of buckets) {
    expect(JSON.stringify(Properties.BucketEncryption)).toContain('aws:kms');
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      ...{ BlockPublicAcls: true, BlockPublicPolicy: true },
      ...{ IgnorePublicAcls: true, RestrictPublicBuckets: true },
    });
    expect(JSON.stringify(Properties.LifecycleConfiguration)).toContain('AbortIncompleteMultipartUpload');
  }
  const denied = resourcesOf(deployment, 'AWS::S3::BucketPolicy').map(([, { Properties }]) =>
    JSON.stringify(Properties),
  );
  for (const policy of denied) expect(policy).toContain('"aws:SecureTransport":"false"');
  expect(denied).toHaveLength(3);
});

test('objects expire by category where the configuration says so', () => {
  const rules = resourcesOf(deployment, 'AWS::S3::Bucket').flatMap(
    ([, { Properties }]) =>
      (
        Properties.LifecycleConfiguration as {
          readonly Rules: readonly { readonly Prefix?: string; readonly ExpirationInDays?: number }[];
        }
      ).Rules,
  );
  expect(rules).toContainEqual(
    expect.objectContaining({ Prefix: 'cell_perf_stats/', ExpirationInDays: 365 }),
  );
  expect(rules).toContainEqual(
    expect.objectContaining({ Prefix: 'quarantine/cell_perf_stats/', ExpirationInDays: 30 }),
  );
});

test('jobs have the founding names, this version of the scripts, and no retries of their own', () => {
  const jobs = resourcesOf(deployment, 'AWS::Glue::Job').map(([, { Properties }]) => Properties);
  expect(jobs.map(({ Name }) => Name).sort()).toEqual([
    'cell_perf_stats_rawToTransformed',
    'cell_performance_data_ExportMssqlToRaw',
    'ue_statistics_data_ExportMssqlToRaw',
  ]);
  for (const job of jobs) {
    expect(job).toMatchObject({ MaxRetries: 0, GlueVersion: '5.0' });
    expect(job.DefaultArguments).toMatchObject({ '--script_version': scriptVersion });
  }
});

test('no job is made where no category asks for one', () => {
  const without = deploymentOf({ categories: { cell_perf_stats: { parameter: '{}', retentionDays: {} } } });
  expect(resourcesOf(without, 'AWS::Glue::Job')).toEqual([]);
});

test('workers are added while steps wait, and taken away only when no run is at work', () => {
  const scaling = resourcesOf(deployment, 'AWS::ApplicationAutoScaling::ScalingPolicy').map(
    ([, { Properties }]) => Properties,
  );
  const tracking = scaling.find(({ PolicyType }) => PolicyType === 'TargetTrackingScaling');
  expect(tracking?.TargetTrackingScalingPolicyConfiguration).toMatchObject({
    DisableScaleIn: true,
    CustomizedMetricSpecification: { MetricName: 'BacklogPerWorker', Namespace: 'Migration/migration' },
  });
  const idle = resourcesOf(deployment, 'AWS::CloudWatch::Alarm').find(([id]) => id.startsWith('Idle'))?.[1]
    .Properties;
  expect(idle).toMatchObject({ MetricName: 'RunsActive', Threshold: 0 });
  expect(backlogMetrics).toEqual(expect.arrayContaining(['BacklogPerWorker', 'RunsActive', 'Workers']));
});

test('a Temporal of its own is reached by name within the VPC, and verifies its database', () => {
  const own = deploymentOf(selfHosted);
  const all = resourcesOf(own, 'AWS::ECS::TaskDefinition').flatMap(
    ([, { Properties }]) => Properties.ContainerDefinitions as readonly Container[],
  );
  const valuesOf = (name: string) => {
    const { Environment = [], Secrets = [] } = all.find((each) => each.Name === name) ?? { Name: name };
    return {
      ...Object.fromEntries(Environment.map(({ Name, Value }) => [Name, Value])),
      secrets: Secrets.length,
    };
  };
  const address = 'temporal.migration.internal:7233';
  expect(valuesOf('Activities')).toMatchObject({ TEMPORAL_ADDRESS: address, secrets: 0 });
  expect(valuesOf('Temporal')).toMatchObject({ SQL_HOST_VERIFICATION: 'true', SQL_TLS: 'true', secrets: 1 });
  expect(valuesOf('Temporal')).not.toHaveProperty('SQL_TLS_DISABLE_HOST_VERIFICATION');
  expect(all.find(({ Name }) => Name === 'Temporal')?.HealthCheck?.Command?.join()).toContain(':7233');
  const services = resourcesOf(own, 'AWS::ECS::Service');
  const [server = ''] = services.find(([id]) => id.startsWith('TemporalServer')) ?? [];
  const workers = services.filter(([id]) => /^(Workflow|Activity)Workers/.test(id));
  expect(workers).toHaveLength(2);
  for (const [, { DependsOn = [] }] of workers) expect(DependsOn).toContain(server);
  const [, cluster] = resourcesOf(own, 'AWS::RDS::DBCluster')[0] ?? [];
  expect(cluster?.Properties).toMatchObject({ StorageEncrypted: true, DeletionProtection: true });
});

test('alarms count the lines that workers write', () => {
  const filters = resourcesOf(deployment, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => Properties);
  expect(filters.map(({ FilterPattern }) => FilterPattern).sort()).toEqual(
    Object.values(logLines)
      .map((message) => `{ $.message = "${message}" }`)
      .sort(),
  );
  const counted = resourcesOf(deployment, 'AWS::CloudWatch::Alarm').map(
    ([, { Properties }]) => Properties.MetricName,
  );
  for (const { MetricTransformations } of filters) {
    const [{ MetricName } = {}] = MetricTransformations as readonly { readonly MetricName?: string }[];
    expect(counted).toContain(MetricName);
  }
});
