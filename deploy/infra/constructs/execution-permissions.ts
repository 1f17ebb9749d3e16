import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { FoundationStack } from '../foundation-stack.js';
import type { Permission } from './permissions.js';

/** What ECS does before a container of ours runs: pull the image, open its log, hand over what lets it into Temporal. */
export function executionPermissions({
  repository,
  key,
  logGroup,
  temporalSecret,
}: Pick<FoundationStack, 'repository' | 'key' | 'logGroup'> & {
  readonly temporalSecret: Pick<ISecret, 'secretArn'> | undefined;
}): readonly Permission[] {
  return [
    {
      sid: 'LogInToRegistry',
      why: 'A login for pulling images.',
      actions: ['ecr:GetAuthorizationToken'],
      resources: ['*'],
      wildcard: 'ECR has no resource for logins.',
    },
    {
      sid: 'PullImage',
      why: 'The image of the workers, from their own repository.',
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
      resources: [repository.repositoryArn],
    },
    {
      sid: 'WriteLog',
      why: 'One stream for each container, in the deployment’s log group.',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    },
    ...(temporalSecret === undefined
      ? []
      : [
          {
            sid: 'HandOverAdmission',
            why: 'API key or certificate for Temporal, which a container gets as variables.',
            actions: ['secretsmanager:GetSecretValue'],
            resources: [temporalSecret.secretArn],
          },
          {
            sid: 'DecryptAdmission',
            why: 'That secret is encrypted with the deployment’s key.',
            actions: ['kms:Decrypt'],
            resources: [key.keyArn],
          },
        ]),
  ];
}
