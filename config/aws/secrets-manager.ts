import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { MigrationError } from '../../engine/errors.js';
import { type AwsCall, awsFailure, clientOptions, factsOf, regionOf } from './call.js';

/**
 * The text of a secret in Secrets Manager, as it is at this moment.
 * @param variable what names it, for messages
 * @param id name or ARN
 * @throws MigrationError SECRET_MISSING where there is no such secret, it is to be deleted, or it is binary;
 * CONFIG_INVALID without a region; AWS_ACCESS, AWS_UNAVAILABLE
 */
export async function readStoredSecret(variable: string, id: string): Promise<string> {
  const client = new SecretsManagerClient(clientOptions(id));
  try {
    const region = await regionOf(variable, client);
    const call = { subject: variable, action: 'secretsmanager:GetSecretValue', resource: id, region };
    const { SecretString: text } = await client
      .send(new GetSecretValueCommand({ SecretId: id }))
      .catch((error: unknown) => Promise.reject(failure(error, call)));
    if (text !== undefined) return text;
    throw new MigrationError(
      'SECRET_MISSING',
      `${variable}: the secret '${id}' is binary; it has to be text. See .env.example for its shape.`,
    );
  } finally {
    client.destroy();
  }
}

function failure(error: unknown, call: AwsCall): MigrationError {
  const { name, message } = factsOf(error);
  const missing = (what: string): MigrationError =>
    new MigrationError('SECRET_MISSING', `${call.subject}: ${what}`, { cause: error });
  if (name === 'ResourceNotFoundException')
    return missing(
      `there is no secret '${call.resource}' in region ${call.region}, or it has no current version. Check the name, AWS_REGION and the account; a secret of another account goes by its ARN.`,
    );
  if (name === 'InvalidRequestException' && /delet/i.test(message))
    return missing(`the secret '${call.resource}' is marked for deletion. Restore it, or name another.`);
  if (name === 'ValidationException' || name === 'InvalidParameterException')
    return missing(`'${call.resource}' is no name or ARN of a secret.`);
  return awsFailure(error, call);
}
