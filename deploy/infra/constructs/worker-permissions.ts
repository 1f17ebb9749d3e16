import type { InfraConfig } from '../config.js';
import type { FoundationStack } from '../foundation-stack.js';
import { arnOf, type BucketKind, bucketArn } from './arns.js';
import type { Permission } from './permissions.js';

/** What an activity worker does with AWS, and nothing else. */
export function activityPermissions(
  config: InfraConfig,
  foundation: FoundationStack,
  jobNames: readonly string[],
): readonly Permission[] {
  const { key, sourceSecret, parameters } = foundation;
  const jobs = jobNames.map((name) => arnOf(config, 'glue', `job/${name}`));
  return [
    ...bucketPermissions(config),
    {
      sid: 'UseTheKey',
      why: 'Parts are encrypted with the deployment’s key: data keys to write, decryption to read, secrets too.',
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: [key.keyArn],
    },
    {
      sid: 'ReadParameters',
      why: 'Migration parameter and server mappings, at the start of each run.',
      actions: ['ssm:GetParameter'],
      resources: parameters.map((parameter) => parameter.parameterArn),
    },
    {
      sid: 'ReadSourceLogin',
      why: 'Login for the SQL Servers, and again when it has changed.',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [sourceSecret.secretArn],
    },
    connectToTarget(config),
    ...(jobs.length === 0 ? [] : jobPermissions(config, jobs)),
  ];
}

/** What the launcher does besides talking to Temporal: `migrate report` and `migrate chunks` read. */
export function launcherPermissions(config: InfraConfig, foundation: FoundationStack): readonly Permission[] {
  return [
    {
      sid: 'ReadReports',
      why: '`migrate report --json` shows the report of a run.',
      actions: ['s3:GetObject'],
      resources: [bucketArn(config, 'stats', 'report/*')],
      wildcard: 'Reports are named after runs.',
    },
    {
      sid: 'DecryptReports',
      why: 'Reports are encrypted with the deployment’s key.',
      actions: ['kms:Decrypt'],
      resources: [foundation.key.keyArn],
    },
    connectToTarget(config),
  ];
}

/** What the sidecar of workflow workers does; the worker itself talks to Temporal alone. */
export function publisherPermissions(metricNamespace: string): readonly Permission[] {
  return [
    {
      sid: 'PublishBacklog',
      why: 'Scaling and an alarm follow these metrics.',
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      wildcard: 'CloudWatch knows no resource for metrics; the condition names the namespace.',
      conditions: { StringEquals: { 'cloudwatch:namespace': metricNamespace } },
    },
  ];
}

function bucketPermissions(config: InfraConfig): readonly Permission[] {
  const all: readonly BucketKind[] = ['raw', 'transformed', 'stats'];
  return [
    {
      sid: 'ListBuckets',
      why: 'Counting parts and finding orphans; and an object that is not there answers 404 instead of 403.',
      actions: ['s3:ListBucket'],
      resources: all.map((kind) => bucketArn(config, kind)),
    },
    {
      sid: 'ReadAndWriteObjects',
      why: 'Parts, manifests and reports: written (in several pieces, given up on failure), read back, cleaned up.',
      actions: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'],
      resources: all.map((kind) => bucketArn(config, kind, '*')),
      wildcard: 'Keys of objects are not known beforehand; the buckets are the deployment’s own.',
    },
  ];
}

function connectToTarget(config: InfraConfig): Permission {
  const { clusterResourceId, user } = config.target;
  return {
    sid: 'ConnectToTarget',
    why: 'A token for one PostgreSQL role of one cluster, in the place of a password.',
    actions: ['rds-db:connect'],
    resources: [arnOf(config, 'rds-db', `dbuser:${clusterResourceId}/${user}`)],
  };
}

function jobPermissions(config: InfraConfig, jobs: readonly string[]): readonly Permission[] {
  return [
    {
      sid: 'RunJobs',
      why: 'Categories with engine glue: start a run, find it again, follow it, stop it.',
      actions: [
        'glue:GetJob',
        'glue:StartJobRun',
        'glue:GetJobRun',
        'glue:GetJobRuns',
        'glue:BatchStopJobRun',
      ],
      resources: jobs,
    },
    {
      sid: 'ReadJobLogs',
      why: 'The last lines of a failed run’s log; Glue names the groups after itself, the stream is the run.',
      actions: ['logs:GetLogEvents'],
      resources: [arnOf(config, 'logs', 'log-group:/aws-glue/jobs*')],
      wildcard: 'Glue names its groups /aws-glue/jobs-<role>-<security configuration>/…',
    },
  ];
}
