import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type ISecurityGroup, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  type Cluster,
  ContainerDependencyCondition,
  ContainerImage,
  FargateService,
  type ICluster,
  LogDrivers,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  DatabaseSecret,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { DnsRecordType, PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import type { Construct } from 'constructs';
import type { FoundationStack } from '../foundation-stack.js';
import { acknowledge } from './acknowledge.js';
import { domainOf, rdsAuthorities, serverName, temporalPort } from './environment.js';
import { executionPermissions } from './execution-permissions.js';
import type { Network } from './network.js';
import { closedRole } from './permissions.js';
import { addContainer, createTask, type TaskBase } from './tasks.js';

const tasks = 'ecs-tasks.amazonaws.com';
const postgresPort = 5432;
const authorities = { volume: 'work', path: '/var/lib/migrate' } as const;
const authoritiesFile = `${authorities.path}/authorities.pem`;

interface ServerOptions {
  readonly base: TaskBase;
  readonly cluster: Cluster;
  readonly network: Network;
  readonly foundation: FoundationStack;
  readonly image: string;
  /** Of Aurora PostgreSQL. */
  readonly databaseVersion: string;
}

/**
 * `temporal` asks at the address that the server has bound itself to, and for the namespace that it makes last, once
 * its tables are there.
 */
const health = {
  command: [
    'CMD-SHELL',
    `temporal operator namespace describe --namespace default --address "$(hostname -i | cut -d' ' -f1):${temporalPort}"`,
  ],
  interval: Duration.seconds(15),
  timeout: Duration.seconds(10),
  startPeriod: Duration.seconds(300),
  retries: 4,
};

/**
 * A Temporal server of the deployment's own: one container with all of its services, and Aurora Serverless for its state.
 * For trials: no Web UI, nothing but the security group says who may come in, and while the one container is replaced,
 * all runs stand still. What a run knows is safe in the database.
 * Returns the service, which is there once the server answers.
 */
export function createTemporalServer(scope: Construct, options: ServerOptions): FargateService {
  const { cluster, network, foundation, image } = options;
  const { name } = options.base.config;
  const group = new SecurityGroup(scope, 'TemporalGroup', {
    vpc: network.vpc,
    description: 'Temporal server of the migration',
  });
  group.addIngressRule(network.workers, Port.tcp(temporalPort), 'Workers and launcher');
  network.workers.addEgressRule(group, Port.tcp(temporalPort), 'Temporal of this deployment');
  const { database, secret } = createDatabase(scope, options, group);
  const base = {
    ...options.base,
    executionRole: closedRole(scope, 'TemporalExecutionRole', tasks, 'Starts the Temporal server', [
      ...executionPermissions({ ...foundation, temporalSecret: secret }),
    ]),
  };
  const task = createTask(scope, 'TemporalTask', base, {
    role: 'temporal',
    cpu: 1024,
    memoryMiB: 2048,
    taskRole: closedRole(scope, 'TemporalRole', tasks, 'The Temporal server, which asks AWS for nothing', []),
  });
  // The server's image does not know the authorities of RDS; ours does.
  const copy = addContainer(task, 'Authorities', base, {
    entryPoint: ['cp', rdsAuthorities, authoritiesFile],
    command: [],
    environment: {},
    essential: false,
  });
  const server = task.addContainer('Temporal', {
    image: ContainerImage.fromRegistry(image),
    environment: {
      DB: 'postgres12',
      DB_PORT: `${postgresPort}`,
      POSTGRES_SEEDS: database.clusterEndpoint.hostname,
      POSTGRES_USER: 'temporal',
      ...tlsTo(database.clusterEndpoint.hostname),
    },
    secrets: { POSTGRES_PWD: Secret.fromSecretsManager(secret, 'password') },
    portMappings: [{ containerPort: temporalPort }],
    logging: LogDrivers.awsLogs({ logGroup: base.logGroup, streamPrefix: 'temporal' }),
    stopTimeout: Duration.seconds(60),
    healthCheck: health,
  });
  server.addMountPoints({
    sourceVolume: authorities.volume,
    containerPath: authorities.path,
    readOnly: true,
  });
  server.addContainerDependencies({ container: copy, condition: ContainerDependencyCondition.SUCCESS });
  const names = new PrivateDnsNamespace(scope, 'Names', { name: domainOf(name), vpc: network.vpc });
  const service = new FargateService(scope, 'TemporalServer', {
    cluster: cluster as ICluster,
    taskDefinition: task,
    desiredCount: 1,
    securityGroups: [group],
    vpcSubnets: { subnets: network.vpc.privateSubnets },
    // Two servers that do not know of one another would share one database.
    minHealthyPercent: 0,
    maxHealthyPercent: 100,
    circuitBreaker: { rollback: true },
    cloudMapOptions: { cloudMapNamespace: names, name: serverName, dnsRecordType: DnsRecordType.A },
  });
  service.node.addDependency(database);
  return service;
}

/** Certificates are verified by both of the image's programs, which have names of their own for the same. */
function tlsTo(host: string): Readonly<Record<string, string>> {
  return {
    SQL_TLS_ENABLED: 'true',
    SQL_CA: authoritiesFile,
    SQL_HOST_VERIFICATION: 'true',
    SQL_HOST_NAME: host,
    SQL_TLS: 'true',
    SQL_TLS_CA_FILE: authoritiesFile,
    SQL_TLS_SERVER_NAME: host,
  };
}

function createDatabase(
  scope: Construct,
  { network, foundation, databaseVersion, base: { config } }: ServerOptions,
  clients: ISecurityGroup,
) {
  const { key } = foundation;
  // The library's own types do not agree about what is optional.
  const secret: ISecret = new DatabaseSecret(scope, 'TemporalDatabaseSecret', {
    username: 'temporal',
    encryptionKey: Key.fromKeyArn(scope, 'TemporalKey', key.keyArn),
  }) as ISecret;
  const [major = ''] = databaseVersion.split('.');
  const database = new DatabaseCluster(scope, 'TemporalDatabase', {
    engine: DatabaseClusterEngine.auroraPostgres({
      version: AuroraPostgresEngineVersion.of(databaseVersion, major),
    }),
    credentials: Credentials.fromSecret(secret),
    writer: ClusterInstance.serverlessV2('writer'),
    readers: [ClusterInstance.serverlessV2('reader', { scaleWithWriter: true })],
    serverlessV2MinCapacity: 0.5,
    serverlessV2MaxCapacity: 8,
    vpc: network.vpc,
    vpcSubnets: { subnets: network.vpc.privateSubnets },
    storageEncryptionKey: Key.fromKeyArn(scope, 'TemporalStorageKey', key.keyArn),
    backup: { retention: Duration.days(7) },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    clusterIdentifier: `${config.name}-temporal`,
  });
  database.connections.allowFrom(clients, Port.tcp(postgresPort), 'Temporal server');
  acknowledge(secret, {
    'AwsSolutions-SMG4': 'Only the server of this stack logs in with it, which reads it at its start.',
  });
  acknowledge(database, {
    'AwsSolutions-RDS6': 'Temporal logs in by password; it knows no IAM tokens.',
    'AwsSolutions-RDS11': 'Only the server’s security group gets to the port.',
  });
  return { database, secret };
}
