import { localRegion } from '../../sandbox/services/aws-server.js';

/** Makes a user of moto's IAM that is allowed what the statements say; returns the variables that sign as that user. */
export async function createMotoUser(
  endpoint: string,
  name: string,
  statements: readonly object[],
): Promise<Readonly<Record<string, string>>> {
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  await iam(endpoint, { Action: 'CreateUser', UserName: name });
  await iam(endpoint, {
    Action: 'PutUserPolicy',
    UserName: name,
    PolicyName: 'allowed',
    PolicyDocument: policy,
  });
  const key = await iam(endpoint, { Action: 'CreateAccessKey', UserName: name });
  const field = (tag: string): string => new RegExp(`<${tag}>([^<]+)</${tag}>`).exec(key)?.[1] ?? '';
  return { AWS_ACCESS_KEY_ID: field('AccessKeyId'), AWS_SECRET_ACCESS_KEY: field('SecretAccessKey') };
}

/** Its client is no dependency of the project: IAM's query protocol is a form. */
async function iam(endpoint: string, form: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(endpoint, {
    method: 'POST',
    // Tells moto the service, as a signature would.
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=test/20250101/${localRegion}/iam/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({ Version: '2010-05-08', ...form }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${form.Action}: ${text}`);
  return text;
}
