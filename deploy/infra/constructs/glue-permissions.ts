import type { InfraConfig } from '../config.js';
import type { FoundationStack } from '../foundation-stack.js';
import { arnOf, bucketArn } from './arns.js';
import type { Permission } from './permissions.js';

/** What a job does: read and write parts, log in to a SQL Server, and what Glue itself needs to run it in a VPC. */
export function gluePermissions(
  config: InfraConfig,
  foundation: FoundationStack,
  programs: readonly string[],
  connectionName: string,
  securityGroupId: string,
): readonly Permission[] {
  const { key, sourceSecret } = foundation;
  const [subnet] = config.network.privateSubnets;
  return [
    {
      sid: 'ReadPrograms',
      why: 'The scripts, which the deployment puts into its assets, and the JDBC driver.',
      actions: ['s3:GetObject'],
      resources: programs,
    },
    {
      sid: 'ListParts',
      why: 'Hadoop lists a folder before it reads or writes files in it.',
      actions: ['s3:ListBucket'],
      resources: [bucketArn(config, 'raw'), bucketArn(config, 'transformed')],
    },
    {
      sid: 'ReadAndWriteParts',
      why: 'Parts of an attempt are written, renamed, read back, and removed where the attempt fails.',
      actions: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'],
      resources: [bucketArn(config, 'raw', '*'), bucketArn(config, 'transformed', '*')],
      wildcard: 'Keys of parts are not known beforehand; the buckets are the deployment’s own.',
    },
    {
      sid: 'UseTheKey',
      why: 'Parts and the secret are encrypted with the deployment’s key.',
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: [key.keyArn],
    },
    {
      sid: 'ReadSourceLogin',
      why: 'An export logs in by itself; it is handed the name of the secret only.',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [sourceSecret.secretArn],
    },
    {
      sid: 'FindTheNetwork',
      why: 'Glue reads the connection that says in which subnet a job runs.',
      actions: ['glue:GetConnection'],
      resources: [arnOf(config, 'glue', 'catalog'), arnOf(config, 'glue', `connection/${connectionName}`)],
    },
    {
      sid: 'LookAtTheNetwork',
      why: 'Glue checks subnet, endpoints and groups before it starts.',
      actions: [
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcAttribute',
        'ec2:DescribeVpcEndpoints',
      ],
      resources: ['*'],
      wildcard: 'EC2 has no resources for describing.',
    },
    {
      sid: 'EnterTheNetwork',
      why: 'Glue gives each machine of a job a network interface in the first subnet, and removes it.',
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:CreateTags',
        'ec2:DeleteTags',
      ],
      resources: [
        arnOf(config, 'ec2', 'network-interface/*'),
        arnOf(config, 'ec2', `subnet/${subnet}`),
        arnOf(config, 'ec2', `security-group/${securityGroupId}`),
      ],
      wildcard: 'An interface has no name before it is made.',
    },
    {
      sid: 'WriteLogs',
      why: 'Logs of a run, in groups that Glue creates and names after its security configuration.',
      actions: ['logs:AssociateKmsKey', 'logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [arnOf(config, 'logs', 'log-group:/aws-glue/jobs*')],
      wildcard: 'Glue names its groups /aws-glue/jobs-<role>-<security configuration>/…',
    },
  ];
}
