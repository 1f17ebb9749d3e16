import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Repository } from 'aws-cdk-lib/aws-ecr';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { InfraConfig } from './config.js';
import { type Buckets, createBuckets } from './constructs/buckets.js';
import { createKey } from './constructs/encryption.js';
import { createParameters } from './constructs/parameters.js';
import { createRepository } from './constructs/repository.js';
import { createSourceSecret, createTemporalSecret } from './constructs/secrets.js';

/** What must be there before an image can be pushed and a worker started, and stays when the workers go. */
export class FoundationStack extends Stack {
  readonly key: IKey;
  readonly buckets: Buckets;
  readonly repository: Repository;
  readonly sourceSecret: Secret;
  readonly logGroup: LogGroup;
  readonly temporalSecret: Secret | undefined;
  readonly parameters: readonly StringParameter[];

  constructor(scope: Construct, config: InfraConfig) {
    const { name, account, region } = config;
    super(scope, `${name}-foundation`, {
      env: { account, region },
      description: 'Migration: buckets, key, secrets, parameters, image repository',
    });
    this.key = createKey(this, config);
    this.buckets = createBuckets(this, config, this.key);
    this.repository = createRepository(this, name, this.key);
    this.sourceSecret = createSourceSecret(this, config, this.key);
    this.temporalSecret = createTemporalSecret(this, config, this.key);
    this.parameters = createParameters(this, config);
    this.logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/migration/${name}`,
      retention: config.logRetentionDays as RetentionDays,
      encryptionKey: this.key,
    });
    new CfnOutput(this, 'Image', {
      value: this.repository.repositoryUriForTag(config.image.tag),
      description: 'Push the image here before the workers are deployed',
    });
  }
}
