import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { CfnConnection, CfnJob, CfnSecurityConfiguration } from 'aws-cdk-lib/aws-glue';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { defaultExportJob, defaultTransformJob, jobName } from '../../../engine/glue/job-names.js';
import { jobArguments, scriptVersion } from '../../../engine/glue/job-request.js';
import type { Category, InfraConfig } from '../config.js';
import type { FoundationStack } from '../foundation-stack.js';
import { acknowledge } from './acknowledge.js';
import { bucketArn, bucketName } from './arns.js';
import { gluePermissions } from './glue-permissions.js';
import type { Network } from './network.js';
import { closedRole } from './permissions.js';

const scripts = join(__dirname, '../../glue');
/** Glue brings an older driver, which the scripts were not proven with; this one is put there by hand (docs/aws.md). */
const driverKey = 'drivers/mssql-jdbc-12.10.1.jre11.jar';
/** Beside it, the authority of the SQL Servers where it is none that Java trusts. */
const trustStoreKey = ({ sources }: InfraConfig): readonly string[] =>
  sources.trustStore === undefined ? [] : [`drivers/${sources.trustStore}`];
const concurrentRuns = 50;
/** Of one run; the engine gives up a step that stands still long before. */
const timeoutMinutes = 12 * 60;

/** Names of the jobs that the configuration asks for. */
export function jobNamesOf({ categories }: InfraConfig): readonly string[] {
  return Object.entries(categories).flatMap(([category, { glue }]) =>
    glue === undefined
      ? []
      : [
          ...glue.tables.map((table) => jobName(defaultExportJob, { category, table })),
          jobName(defaultTransformJob, { category }),
        ],
  );
}

/** The jobs of the categories that may use Glue, by their founding names; none where no category asks for it. */
export function createGlueJobs(
  scope: Construct,
  config: InfraConfig,
  foundation: FoundationStack,
  network: Network,
): void {
  if (jobNamesOf(config).length === 0) return;
  const assets = {
    exportScript: new Asset(scope, 'ExportScript', { path: `${scripts}/export.py` }),
    transformScript: new Asset(scope, 'TransformScript', { path: `${scripts}/transform.py` }),
    // Zipped with its folder's name, as Python finds a package.
    modules: new Asset(scope, 'Modules', {
      path: scripts,
      exclude: ['*.py', '!chunk_job/*.py', '**/__pycache__'],
    }),
  };
  const programs = [
    ...Object.values(assets).map(({ bucket, s3ObjectKey }) => bucket.arnForObjects(s3ObjectKey)),
    ...[driverKey, ...trustStoreKey(config)].map((key) => bucketArn(config, 'stats', key)),
  ];
  const connectionName = `${config.name}-network`;
  const role = closedRole(
    scope,
    'JobRole',
    'glue.amazonaws.com',
    'Jobs of Glue for the migration',
    gluePermissions(config, foundation, programs, connectionName, network.glue.securityGroupId),
  );
  const connection = createConnection(scope, config, network, connectionName);
  const security = createSecurity(scope, config, foundation);
  const create = (name: string, script: Asset, settings: NonNullable<Category['glue']>): void => {
    const job = new CfnJob(scope, `Job-${name}`, {
      name,
      role: role.roleArn,
      glueVersion: '5.0',
      command: { name: 'glueetl', pythonVersion: '3', scriptLocation: script.s3ObjectUrl },
      defaultArguments: {
        [jobArguments.version]: scriptVersion,
        '--extra-py-files': assets.modules.s3ObjectUrl,
        '--extra-jars': `s3://${bucketName(config, 'stats')}/${driverKey}`,
        '--user-jars-first': 'true',
        ...Object.fromEntries(
          trustStoreKey(config).map((key) => ['--extra-files', `s3://${bucketName(config, 'stats')}/${key}`]),
        ),
        '--enable-continuous-cloudwatch-log': 'true',
        '--job-language': 'python',
      },
      workerType: settings.workerType,
      numberOfWorkers: settings.workers,
      connections: { connections: [connectionName] },
      securityConfiguration: security.name,
      executionProperty: { maxConcurrentRuns: concurrentRuns },
      // The engine tries again by itself, and would not know of a run that Glue starts behind its back.
      maxRetries: 0,
      timeout: timeoutMinutes,
    });
    job.addResourceDependency(connection);
    job.addResourceDependency(security);
  };
  for (const [category, { glue }] of Object.entries(config.categories)) {
    if (glue === undefined) continue;
    for (const table of glue.tables)
      create(jobName(defaultExportJob, { category, table }), assets.exportScript, glue);
    create(jobName(defaultTransformJob, { category }), assets.transformScript, glue);
  }
}

/** Puts the job's machines into a subnet, with a way to the SQL Servers. */
function createConnection(
  scope: Construct,
  { network: { availabilityZones, privateSubnets } }: InfraConfig,
  { glue }: Network,
  name: string,
): CfnConnection {
  const [availabilityZone] = availabilityZones;
  const [subnetId] = privateSubnets;
  const connection = new CfnConnection(scope, 'Connection', {
    catalogId: Stack.of(scope).account,
    connectionInput: {
      name,
      description: 'Network of the migration’s jobs',
      connectionType: 'NETWORK',
      connectionProperties: {},
      physicalConnectionRequirements: {
        ...(availabilityZone !== undefined && { availabilityZone }),
        ...(subnetId !== undefined && { subnetId }),
        securityGroupIdList: [glue.securityGroupId],
      },
    },
  });
  // Glue wants the zone besides the subnet that is in it.
  acknowledge(connection, { 'CloudFormation-Validate::W3010': 'It is that of the subnet.' });
  connection.addMetadata('cfn-lint', { config: { ignore_checks: ['W3010'] } });
  return connection;
}

function createSecurity(
  scope: Construct,
  { name }: InfraConfig,
  { key }: FoundationStack,
): CfnSecurityConfiguration {
  const kmsKeyArn = key.keyArn;
  return new CfnSecurityConfiguration(scope, 'Security', {
    name,
    encryptionConfiguration: {
      s3Encryptions: [{ s3EncryptionMode: 'SSE-KMS', kmsKeyArn }],
      cloudWatchEncryption: { cloudWatchEncryptionMode: 'SSE-KMS', kmsKeyArn },
      jobBookmarksEncryption: { jobBookmarksEncryptionMode: 'CSE-KMS', kmsKeyArn },
    },
  });
}
