import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';
import { acknowledge } from './acknowledge.js';

/** What Temporal may ask for; the fields of the secret for it. Empty until somebody puts them there. */
export const temporalFields = {
  apiKey: ['apiKey'],
  clientCertificate: ['certificate', 'key'],
} as const;

/** The login for the SQL Servers, in the founding shape; host "*" is the host that the mappings give. */
export function createSourceSecret(scope: Construct, { name, sources }: InfraConfig, key: IKey): Secret {
  const secret = new Secret(scope, 'SourceSecret', {
    secretName: `${name}/source`,
    description: 'Login of the migration on the SQL Servers',
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
    // Nobody knows the first password but who reads it here to create the login with it.
    generateSecretString: {
      secretStringTemplate: JSON.stringify({
        username: sources.user,
        engine: 'sqlserver',
        host: '*',
        port: `${sources.port}`,
      }),
      generateStringKey: 'password',
      passwordLength: 40,
      excludeCharacters: `"'\\;{}`,
    },
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4':
      'The login lives on SQL Servers that this account does not manage; whoever changes it there puts the new password here, and workers take it up by themselves.',
  });
  return secret;
}

/** What a Temporal of somebody else's lets workers in by. */
export function createTemporalSecret(
  scope: Construct,
  { name, temporal }: InfraConfig,
  key: IKey,
): Secret | undefined {
  if (!('address' in temporal)) return undefined;
  const empty = temporalFields[temporal.authentication].map((field) => [
    field,
    SecretValue.unsafePlainText(''),
  ]);
  const secret = new Secret(scope, 'TemporalSecret', {
    secretName: `${name}/temporal`,
    description: 'What Temporal lets the workers in by',
    encryptionKey: key,
    removalPolicy: RemovalPolicy.RETAIN,
    secretObjectValue: Object.fromEntries(empty) as Record<string, SecretValue>,
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4': 'Temporal issues API keys and knows certificates; a new one is put here by hand.',
  });
  return secret;
}
