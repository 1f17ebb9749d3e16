import { Stack } from 'aws-cdk-lib';
import {
  CfnSecurityGroupIngress,
  CfnVPCEndpoint,
  type ISecurityGroup,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

export interface Network {
  readonly vpc: IVpc;
  /** Of workers and of the launcher: nothing comes in, and out goes only what is named. */
  readonly workers: ISecurityGroup;
  /** Of Glue's machines, which also talk to one another. */
  readonly glue: ISecurityGroup;
}

const postgresPort = '5432';
function portOf(endpoint: string): number {
  return Number(endpoint.split(':')[1] ?? postgresPort);
}

/** The VPC that is there already, taken as the configuration says, and security groups for what is new in it. */
export function createNetwork(scope: Construct, config: InfraConfig): Network {
  const { network, sources, target } = config;
  const vpc = Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: network.vpc,
    availabilityZones: [...network.availabilityZones],
    privateSubnetIds: [...network.privateSubnets],
  });
  const group = (id: string, description: string): SecurityGroup => {
    const created = new SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false });
    for (const source of sources.networks)
      created.addEgressRule(Peer.ipv4(source), Port.tcp(sources.port), 'SQL Servers');
    created.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS APIs, whose addresses change');
    return created;
  };
  const workers = group('Workers', 'Migration workers');
  const targetPort = portOf(target.endpoint);
  workers.addEgressRule(
    Peer.securityGroupId(target.securityGroup),
    Port.tcp(targetPort),
    'The target database',
  );
  new CfnSecurityGroupIngress(scope, 'TargetFromWorkers', {
    groupId: target.securityGroup,
    sourceSecurityGroupId: workers.securityGroupId,
    ipProtocol: 'tcp',
    fromPort: targetPort,
    toPort: targetPort,
    description: 'Migration workers',
  });
  if ('address' in config.temporal)
    workers.addEgressRule(
      Peer.anyIpv4(),
      Port.tcp(portOf(config.temporal.address)),
      'Temporal, wherever it is',
    );
  const glue = group('Glue', 'Jobs of Glue for the migration');
  glue.addIngressRule(glue, Port.allTcp(), 'Driver and executors of one job');
  glue.addEgressRule(glue, Port.allTcp(), 'Driver and executors of one job');
  // Without one all parts would pass a NAT gateway, which costs more than the rest of their way.
  if (network.createS3Gateway)
    new CfnVPCEndpoint(scope, 'S3Gateway', {
      vpcId: network.vpc,
      serviceName: `com.amazonaws.${Stack.of(scope).region}.s3`,
      vpcEndpointType: 'Gateway',
      routeTableIds: [...network.privateRouteTables],
    });
  return { vpc, workers, glue };
}
