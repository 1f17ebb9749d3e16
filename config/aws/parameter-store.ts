import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { MigrationError } from '../../engine/errors.js';
import { type AwsCall, awsFailure, clientOptions, factsOf, regionOf } from './call.js';

/** A parameter as it was when it was read. */
export interface StoredParameter {
  readonly name: string;
  readonly arn: string;
  readonly version: number;
  readonly text: string;
}

/** Bytes that a standard and an advanced parameter can hold. */
export const parameterBytes = { standard: 4_096, advanced: 8_192 } as const;

/**
 * Reads a parameter (String or SecureString) of Parameter Store.
 * @param variable what names it, for messages
 * @param name name or ARN, with `:version` or `:label` where it is not the latest
 * @throws MigrationError CONFIG_INVALID where there is no such parameter, it is a StringList, or no region is known;
 * AWS_ACCESS, AWS_UNAVAILABLE
 */
export async function readParameter(variable: string, name: string): Promise<StoredParameter> {
  const client = new SSMClient(clientOptions(name));
  try {
    const region = await regionOf(variable, client);
    const call = { subject: variable, action: 'ssm:GetParameter', resource: name, region };
    const { Parameter: found } = await client
      .send(new GetParameterCommand({ Name: name, WithDecryption: true }))
      .catch((error: unknown) => Promise.reject(failure(error, call)));
    if (found?.Value === undefined || found.Type === 'StringList')
      throw invalid(
        variable,
        `the parameter '${name}' is a ${found?.Type}; allowed: String or SecureString.`,
      );
    return { name, arn: found.ARN ?? name, version: found.Version ?? 0, text: found.Value };
  } finally {
    client.destroy();
  }
}

function failure(error: unknown, call: AwsCall): MigrationError {
  const { name } = factsOf(error);
  if (name === 'ParameterNotFound' || name === 'ParameterVersionNotFound')
    return invalid(
      call.subject,
      `there is no parameter '${call.resource}' in Parameter Store of region ${call.region}. Check the name, its version, AWS_REGION and the account.`,
      error,
    );
  if (name === 'ValidationException')
    return invalid(call.subject, `'${call.resource}' is no name or ARN of a parameter.`, error);
  return awsFailure(error, call);
}

function invalid(variable: string, problem: string, cause?: unknown): MigrationError {
  return new MigrationError('CONFIG_INVALID', `${variable}: ${problem}`, { cause });
}
