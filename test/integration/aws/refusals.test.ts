import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readParameter } from '../../../config/aws/parameter-store';
import { rdsTokens } from '../../../config/aws/rds-token';
import { readStoredSecret } from '../../../config/aws/secrets-manager';
import { MigrationError } from '../../../engine/errors';
import { clientVariables } from '../../../sandbox/services/aws-server';
import { type Answer, type AwsJsonServer, startAwsJsonServer } from '../../support/aws-json-server';
import { setVariables } from '../../support/environment';

jest.setTimeout(60_000);

const secretArn = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/sql-AbCdEf';
const notAuthorized =
  'User: arn:aws:sts::111111111111:assumed-role/worker/task is not authorized to perform: secretsmanager:GetSecretValue on resource: prod/sql because no identity-based policy allows it';

let aws: AwsJsonServer;
let restore: () => void;
beforeAll(async () => {
  aws = await startAwsJsonServer();
  restore = setVariables({ ...clientVariables('AKIATEST', 'test'), AWS_ENDPOINT_URL: aws.endpoint });
});
beforeEach(() => aws.asked.splice(0));
afterAll(async () => {
  restore();
  await aws.stop();
});

async function failureOf(work: Promise<unknown>): Promise<MigrationError> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(MigrationError);
    return error as MigrationError;
  }
  throw new Error('It was accepted.');
}
const refuse = (type: string, message: string, status = 400): Answer => ({ status, type, message });
const secret = () => readStoredSecret('SOURCE_SECRET_ID', 'prod/sql');
const parameter = () => readParameter('MIGRATION_PARAMETER', '/migration-parameter/cell-perf-stats');

describe('what a person has to mend is not asked for again', () => {
  test.each([
    [
      'AccessDeniedException',
      notAuthorized,
      /secretsmanager:GetSecretValue on prod\/sql in region us-east-1 \(AccessDeniedException\): not allowed\. .*AWS says: User: arn:aws:sts::111111111111:assumed-role\/worker\/task is not/,
    ],
    [
      'AccessDeniedException',
      'Access to KMS is not allowed',
      /cannot be decrypted.*Allow kms:Decrypt on its key/,
    ],
    [
      'DecryptionFailure',
      "Secrets Manager can't decrypt the protected secret text",
      /Allow kms:Decrypt.*key is enabled/,
    ],
    [
      'ExpiredTokenException',
      'The security token included in the request is expired',
      /credentials have expired/,
    ],
    [
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      /does not accept this worker's credentials/,
    ],
  ])('%s: %s', async (type, message, told) => {
    aws.answer = () => refuse(type, message);
    const failure = await failureOf(secret());
    expect(failure).toMatchObject({
      code: 'AWS_ACCESS',
      retryable: false,
      message: expect.stringMatching(told),
    });
    expect(failure.message).toMatch(/^SOURCE_SECRET_ID: /);
    expect(aws.asked).toEqual(['secretsmanager.GetSecretValue']);
  });

  test('a parameter that a key guards', async () => {
    aws.answer = () =>
      refuse(
        'AccessDeniedException',
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
      );
    expect(await failureOf(parameter())).toMatchObject({
      code: 'AWS_ACCESS',
      message: expect.stringMatching(
        /^MIGRATION_PARAMETER: ssm:GetParameter on \/migration-parameter\/cell-perf-stats .*Allow kms:Decrypt/,
      ),
    });
    expect(aws.asked).toEqual(['AmazonSSM.GetParameter']);
  });
});

describe('what may pass', () => {
  test.each([
    ['ThrottlingException', 400],
    ['InternalServiceError', 500],
  ])('%s is asked for again some times, and then left to the retries of the run', async (type, status) => {
    aws.answer = () => refuse(type, 'Rate exceeded', status);
    expect(await failureOf(secret())).toMatchObject({
      code: 'AWS_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining(`not served now (${type})`),
    });
    expect(aws.asked).toHaveLength(4);
  });

  test('a throttled request that is served in the end is no failure', async () => {
    aws.answer = (_, attempt) =>
      attempt < 3
        ? refuse('ThrottlingException', 'Rate exceeded')
        : { status: 200, body: { SecretString: 'text' } };
    expect(await secret()).toBe('text');
    expect(aws.asked).toHaveLength(3);
  });

  test('a service that cannot be reached is told with its region', async () => {
    const elsewhere = setVariables({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'eu-nowhere-1' });
    const failure = await failureOf(secret());
    elsewhere();
    expect(failure).toMatchObject({
      code: 'AWS_UNAVAILABLE',
      message: expect.stringMatching(
        /in region eu-nowhere-1: no answer \(ECONNREFUSED\).*AWS_REGION.*VPC endpoint/,
      ),
    });
  });

  test('an answer of something in between, which is no JSON, names its status', async () => {
    aws.answer = () => ({ status: 403, body: '<html>Forbidden by the proxy</html>' });
    expect(await failureOf(secret())).toMatchObject({
      code: 'AWS_ACCESS',
      message: expect.stringMatching(
        /us-east-1 \(HTTP 403\): not allowed\. Allow secretsmanager:GetSecretValue on it for this worker's role\.$/,
      ),
    });
  });
});

describe('what is not set', () => {
  test('a region, unless an ARN says it', async () => {
    aws.answer = () => ({ status: 200, body: { SecretString: 'text' } });
    const without = setVariables({ AWS_REGION: undefined, AWS_CONFIG_FILE: '/nowhere/config' });
    const failures = [await failureOf(secret()), await failureOf(parameter())];
    const byArn = await readStoredSecret('SOURCE_SECRET_ID', secretArn);
    const token = await failureOf(rdsTokens({ host: 'warehouse', port: 5432, user: 'migration' })());
    without();
    for (const failure of [...failures, token])
      expect(failure).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('Set AWS_REGION'),
      });
    expect(byArn).toBe('text');
  });

  test('credentials', async () => {
    const without = setVariables({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
      AWS_CONFIG_FILE: '/nowhere/config',
    });
    const cluster = { host: 'c.cluster-x.eu-west-1.rds.amazonaws.com', port: 5432, user: 'migration' };
    const failures = [await failureOf(secret()), await failureOf(rdsTokens(cluster)())];
    without();
    expect(failures).toMatchObject([
      { code: 'AWS_ACCESS', message: expect.stringContaining('secretsmanager:GetSecretValue on prod/sql') },
      { code: 'AWS_ACCESS', message: expect.stringContaining('rds-db:connect on migration@c.cluster-x') },
    ]);
    expect(aws.asked).toEqual([]);
  });
});

test('a token of RDS is signed for endpoint, port, user and the region of the endpoint, for fifteen minutes', async () => {
  const host = 'warehouse.cluster-abc.eu-west-1.rds.amazonaws.com';
  const token = new URL(`https://${await rdsTokens({ host, port: 5433, user: 'migration' })()}`);
  expect(token.host).toBe(`${host}:5433`);
  const signed = Object.fromEntries(token.searchParams);
  expect(signed).toMatchObject({ Action: 'connect', DBUser: 'migration', 'X-Amz-Expires': '900' });
  expect(signed['X-Amz-Credential']).toMatch(/^AKIATEST\/\d{8}\/eu-west-1\/rds-db\/aws4_request$/);
  expect(aws.asked).toEqual([]);
});

test('connections share the credentials of a container, whose endpoint may be silent for a while', async () => {
  let open = false;
  let asked = 0;
  const role = createServer((_request, response) => {
    asked += 1;
    const Expiration = new Date(Date.now() + 6 * 3_600_000).toISOString();
    response.statusCode = open ? 200 : 503;
    response.end(JSON.stringify({ AccessKeyId: 'ASIAROLE', SecretAccessKey: 's', Token: 't', Expiration }));
  });
  await new Promise<void>((resolve) => role.listen(0, '127.0.0.1', resolve));
  const restoreRole = setVariables({
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere/credentials',
    AWS_CONFIG_FILE: '/nowhere/config',
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(role.address() as AddressInfo).port}/role`,
  });
  try {
    const host = 'warehouse.cluster-abc.eu-west-1.rds.amazonaws.com';
    const token = rdsTokens({ host, port: 5432, user: 'migration' });
    expect(await failureOf(token())).toMatchObject({ code: 'AWS_UNAVAILABLE', retryable: true });
    open = true;
    asked = 0;
    for (let connection = 0; connection < 3; connection += 1) expect(await token()).toContain('ASIAROLE');
    expect(asked).toBe(1);
  } finally {
    restoreRole();
    role.closeAllConnections();
    role.close();
  }
});
