import type { CfnResource } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';

/** One statement of a policy, and what it is for. */
export interface Permission {
  /** CamelCase, unique in its policy. */
  readonly sid: string;
  /** Kept in the template as metadata of the policy, since IAM has no place for it. */
  readonly why: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why a resource with `*` in it cannot be named more closely. */
  readonly wildcard?: string;
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * A role of one service with these permissions and no others: the constructs of the library would add their own, wider
 * or without a reason.
 */
export function closedRole(
  scope: Construct,
  id: string,
  service: string,
  description: string,
  permissions: readonly Permission[],
): IRole {
  const role = new Role(scope, id, { assumedBy: new ServicePrincipal(service), description });
  if (permissions.length > 0) grant(role, permissions);
  return role.withoutPolicyUpdates();
}

function grant(role: Role, permissions: readonly Permission[]): void {
  const policy = new Policy(role, 'Permissions', {
    roles: [role],
    statements: permissions.map(
      ({ sid, actions, resources, conditions }) =>
        new PolicyStatement({
          sid,
          actions: [...actions],
          resources: [...resources],
          ...(conditions !== undefined && { conditions }),
        }),
    ),
  });
  const why = Object.fromEntries(permissions.map((permission) => [permission.sid, permission.why]));
  (policy.node.defaultChild as CfnResource).addMetadata('Why', why);
  for (const { resources, wildcard } of permissions)
    for (const resource of resources)
      if (wildcard !== undefined && resource.includes('*'))
        acknowledge(policy, { [`AwsSolutions-IAM5[Resource::${resource}]`]: wildcard });
}
