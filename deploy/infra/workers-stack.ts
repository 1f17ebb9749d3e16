import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Cluster, ContainerInsights, FargateService, type ICluster } from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { InfraConfig } from './config.js';
import { createAlarms } from './constructs/alarms.js';
import { migrationEnvironment, temporalEnvironment } from './constructs/environment.js';
import { executionPermissions } from './constructs/execution-permissions.js';
import { createGlueJobs, jobNamesOf } from './constructs/glue-jobs.js';
import { createNetwork, type Network } from './constructs/network.js';
import { closedRole, type Permission } from './constructs/permissions.js';
import { scaleByBacklog } from './constructs/scaling.js';
import { addContainer, createTask, type TaskBase } from './constructs/tasks.js';
import { createTemporalServer } from './constructs/temporal-server.js';
import {
  activityPermissions,
  launcherPermissions,
  publisherPermissions,
} from './constructs/worker-permissions.js';
import type { FoundationStack } from './foundation-stack.js';

const tasks = 'ecs-tasks.amazonaws.com';

/** What runs: workers, the launcher, jobs of Glue, alarms. Holds no data, so it may go and come again. */
export class WorkersStack extends Stack {
  readonly #config: InfraConfig;
  readonly #foundation: FoundationStack;
  readonly #metricNamespace: string;
  readonly #base: TaskBase;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, config: InfraConfig, foundation: FoundationStack) {
    const { name, account, region } = config;
    super(scope, `${name}-workers`, {
      env: { account, region },
      description: 'Migration: workers, launcher, jobs of Glue, alarms',
    });
    this.#config = config;
    this.#foundation = foundation;
    this.#metricNamespace = `Migration/${name}`;
    // Taken by their names, so that nothing here adds to the policies of what is there before it.
    const key = Key.fromKeyArn(this, 'Key', foundation.key.keyArn);
    const { repositoryArn, repositoryName } = foundation.repository;
    const logGroup = LogGroup.fromLogGroupArn(this, 'Log', foundation.logGroup.logGroupArn);
    const network = createNetwork(this, config);
    const cluster = new Cluster(this, 'Cluster', {
      clusterName: name,
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    this.#environment = temporalEnvironment(config);
    this.#base = {
      config,
      repository: Repository.fromRepositoryAttributes(this, 'Repository', { repositoryArn, repositoryName }),
      logGroup,
      temporalSecret:
        foundation.temporalSecret &&
        Secret.fromSecretCompleteArn(this, 'TemporalSecret', foundation.temporalSecret.secretArn),
      executionRole: closedRole(
        this,
        'ExecutionRole',
        tasks,
        'Starts containers of the migration',
        executionPermissions(foundation),
      ),
    };
    const services = [this.#addWorkflowWorkers(cluster, network), this.#addActivityWorkers(cluster, network)];
    if ('selfHosted' in config.temporal) {
      const server = createTemporalServer(this, {
        base: this.#base,
        cluster,
        network,
        foundation,
        ...config.temporal.selfHosted,
      });
      // Workers that find nobody would be given up before the server has made its tables.
      for (const service of services) service.node.addDependency(server);
    }
    this.#addLauncher(network);
    createGlueJobs(this, config, foundation, network);
    createAlarms(this, {
      logGroup,
      key,
      metricNamespace: this.#metricNamespace,
      email: config.alarms.email,
    });
  }

  /** Decide what happens next; with them one that tells CloudWatch how much work waits. */
  #addWorkflowWorkers(cluster: Cluster, network: Network): FargateService {
    const { count, cpu, memoryMiB } = this.#config.workflowWorkers;
    const task = createTask(this, 'WorkflowTask', this.#base, {
      role: 'workflows',
      cpu,
      memoryMiB,
      taskRole: this.#taskRole(
        'WorkflowRole',
        'Workflow workers of the migration',
        publisherPermissions(this.#metricNamespace),
      ),
    });
    // The worker reads the whole environment, as all workers do, and connects to Temporal alone.
    addContainer(task, 'Workflows', this.#base, {
      command: ['node', 'dist/workers/main.js', '--role', 'workflows'],
      environment: this.#migration(),
      health: ['--role', 'workflows'],
    });
    addContainer(task, 'Backlog', this.#base, {
      command: ['node', 'dist/workers/backlog-publisher.js', '--metric-namespace', this.#metricNamespace],
      environment: this.#environment,
      essential: false,
      restarts: true,
    });
    return this.#serve('WorkflowWorkers', cluster, network, task, count);
  }

  /** Move bytes; as many as the backlog asks for. */
  #addActivityWorkers(cluster: Cluster, network: Network): FargateService {
    const { cpu, memoryMiB, diskGiB, least, most } = this.#config.activityWorkers;
    const permissions = activityPermissions(this.#config, this.#foundation, jobNamesOf(this.#config));
    const task = createTask(this, 'ActivityTask', this.#base, {
      role: 'activities',
      cpu,
      memoryMiB,
      diskGiB,
      taskRole: this.#taskRole('ActivityRole', 'Activity workers of the migration', permissions),
    });
    addContainer(task, 'Activities', this.#base, {
      command: ['node', 'dist/workers/main.js', '--role', 'activities'],
      environment: this.#migration(),
      health: ['--role', 'activities'],
    });
    const service = this.#serve('ActivityWorkers', cluster, network, task, undefined);
    scaleByBacklog(this, service, { least, most }, this.#metricNamespace);
    return service;
  }

  /** For `ecs run-task`: any command of the CLI, `start <category>` above all. */
  #addLauncher(network: Network): void {
    const task = createTask(this, 'LauncherTask', this.#base, {
      role: 'launcher',
      cpu: 256,
      memoryMiB: 512,
      taskRole: this.#taskRole(
        'LauncherRole',
        'Commands of the migration',
        launcherPermissions(this.#config, this.#foundation),
      ),
    });
    addContainer(task, 'Migrate', this.#base, {
      entryPoint: ['node', 'dist/cli/main.js'],
      command: ['--help'],
      environment: this.#migration(),
    });
    new CfnOutput(this, 'LauncherNetwork', {
      value: `awsvpcConfiguration={subnets=[${this.#config.network.privateSubnets.join(',')}],securityGroups=[${network.workers.securityGroupId}]}`,
      description: `For: aws ecs run-task --cluster ${this.#config.name} --task-definition ${task.family} --network-configuration`,
    });
  }

  #migration(): Readonly<Record<string, string>> {
    return { ...this.#environment, ...migrationEnvironment(this.#config, this.#foundation) };
  }

  #taskRole(id: string, description: string, permissions: readonly Permission[]) {
    return closedRole(this, id, tasks, description, permissions);
  }

  #serve(
    id: string,
    cluster: Cluster,
    { workers, vpc }: Network,
    taskDefinition: ReturnType<typeof createTask>,
    desiredCount: number | undefined,
  ): FargateService {
    return new FargateService(this, id, {
      // The library's own types do not agree about what is optional.
      cluster: cluster as ICluster,
      taskDefinition,
      // Where scaling decides, a deployment must not set a number of its own.
      ...(desiredCount !== undefined && { desiredCount }),
      securityGroups: [workers],
      vpcSubnets: { subnets: vpc.privateSubnets },
      assignPublicIp: false,
      // New workers first: those of before end what they are at, or hand it over.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
    });
  }
}
