import { Duration } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import {
  type ContainerDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  Secret,
} from 'aws-cdk-lib/aws-ecs';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import { acknowledge } from './acknowledge.js';
import { stopSeconds } from './environment.js';
import { temporalFields } from './secrets.js';

/** What the containers of all tasks have in common. */
export interface TaskBase {
  readonly config: InfraConfig;
  readonly repository: IRepository;
  readonly executionRole: IRole;
  readonly logGroup: ILogGroup;
  readonly temporalSecret: ISecret | undefined;
}

interface TaskOptions {
  /** With the deployment's name before it, the family of the task definition. */
  readonly role: string;
  readonly cpu: number;
  readonly memoryMiB: number;
  /** More than the 20 GiB that each task has. */
  readonly diskGiB?: number;
  readonly taskRole: IRole;
}

interface ContainerOptions {
  readonly entryPoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly essential?: boolean;
  /** Started again when it ends; an essential one takes its task with it instead. */
  readonly restarts?: boolean;
  /** Arguments of dist/workers/health.js; none for what has no health of its own. */
  readonly health?: readonly string[];
}

const scratch = { work: '/var/lib/migrate', temporary: '/tmp' } as const;

/** A task whose containers may write to the scratch volumes only, which go with it. */
export function createTask(
  scope: Construct,
  id: string,
  { config, executionRole }: TaskBase,
  { role, cpu, memoryMiB, diskGiB, taskRole }: TaskOptions,
): FargateTaskDefinition {
  const task = new FargateTaskDefinition(scope, id, {
    family: `${config.name}-${role}`,
    cpu,
    memoryLimitMiB: memoryMiB,
    ...(diskGiB !== undefined && { ephemeralStorageGiB: diskGiB }),
    executionRole,
    taskRole,
    runtimePlatform: {
      cpuArchitecture: CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
    volumes: Object.keys(scratch).map((name) => ({ name })),
  });
  acknowledge(task, {
    'AwsSolutions-ECS2':
      'Names, addresses and limits only; what is secret is handed over by reference to Secrets Manager.',
  });
  return task;
}

/** A container of the image in a task: read-only but for the scratch volumes, as an ordinary user. */
export function addContainer(
  task: FargateTaskDefinition,
  id: string,
  { config, repository, logGroup, temporalSecret }: TaskBase,
  { entryPoint, command, environment, essential = true, restarts = false, health }: ContainerOptions,
): ContainerDefinition {
  const container = task.addContainer(id, {
    image: ContainerImage.fromEcrRepository(repository, config.image.tag),
    ...(entryPoint !== undefined && { entryPoint: [...entryPoint] }),
    command: [...command],
    environment,
    ...(temporalSecret !== undefined && { secrets: admission(config, temporalSecret) }),
    essential,
    ...(restarts && { enableRestartPolicy: true, restartAttemptPeriod: Duration.seconds(60) }),
    readonlyRootFilesystem: true,
    stopTimeout: Duration.seconds(stopSeconds),
    linuxParameters: new LinuxParameters(task, `${id}Process`, { initProcessEnabled: true }),
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: id.toLowerCase() }),
    ...(health !== undefined && {
      healthCheck: {
        command: ['CMD', 'node', 'dist/workers/health.js', ...health],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(15),
        startPeriod: Duration.seconds(120),
        retries: 4,
      },
    }),
  });
  container.addMountPoints(
    ...Object.entries(scratch).map(([sourceVolume, containerPath]) => ({
      sourceVolume,
      containerPath,
      readOnly: false,
    })),
  );
  return container;
}

/** Variables that the `temporal` command has too; read when a container starts, so a new key takes a new deployment. */
function admission({ temporal }: InfraConfig, secret: ISecret): Record<string, Secret> {
  if (!('address' in temporal)) return {};
  const field = (name: string): Secret => Secret.fromSecretsManager(secret, name);
  if (temporal.authentication === 'apiKey') return { TEMPORAL_API_KEY: field(temporalFields.apiKey[0]) };
  const [certificate, key] = temporalFields.clientCertificate;
  return { TEMPORAL_TLS_CLIENT_CERT_DATA: field(certificate), TEMPORAL_TLS_CLIENT_KEY_DATA: field(key) };
}
