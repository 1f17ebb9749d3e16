import { RemovalPolicy } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * Where the image of the Dockerfile is pushed to. A tag names one image for ever, so that a rollback is one. No image
 * expires: a rule knows their age and number, and not which one the workers run on.
 */
export function createRepository(scope: Construct, name: string, key: IKey): Repository {
  return new Repository(scope, 'Repository', {
    repositoryName: name,
    imageTagMutability: TagMutability.IMMUTABLE,
    imageScanOnPush: true,
    encryption: RepositoryEncryption.KMS,
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
