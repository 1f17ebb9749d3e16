import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '../../../engine/storage/bucket.js';
import { openBucket } from '../../../engine/storage/open-bucket.js';
import { createS3Bucket } from '../../../engine/storage/s3-bucket.js';
import type { S3Settings } from '../../../engine/storage/s3-client.js';
import type { MotoServer } from '../../../sandbox/services/moto.js';
import { createMotoUser } from '../../support/moto-user.js';
import { type S3Fault, S3Proxy } from '../../support/s3-proxy.js';
import { bucketName, startTestMoto, startTestSeaweedFs, type TestServer } from './s3-servers.js';

const account = '111111111111';
const key = `arn:aws:kms:us-east-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const saved = { ...process.env };
afterEach(() => {
  process.env = { ...saved };
});

describe('AWS refuses, in its own words,', () => {
  let server: TestServer<MotoServer>;
  let proxy: S3Proxy;
  let settings: S3Settings;
  let scratch: string;
  let file: string;
  beforeAll(async () => {
    server = await startTestMoto();
    proxy = await S3Proxy.start(server.server.endpoint);
    settings = server.settings(proxy.endpoint);
    scratch = await mkdtemp(join(tmpdir(), 's3-refusals-'));
    file = join(scratch, 'file');
    await writeFile(file, randomBytes(9 * 1024 * 1024));
  }, 300_000);
  afterAll(async () => {
    await proxy.close();
    await server.stop();
    await rm(scratch, { recursive: true });
  });
  beforeEach(() => {
    Object.assign(process.env, server.server.environment);
    proxy.reset();
  });

  const refusals: readonly [string, Omit<S3Fault & { kind: 'refuse' }, 'kind'>, S3Settings, string][] = [
    [
      'a bucket of another region, by a redirect',
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      {},
      'The bucket is in eu-west-1: set AWS_REGION',
    ],
    [
      'a bucket of another region, by the signature',
      { status: 400, code: 'AuthorizationHeaderMalformed', details: '<Region>eu-west-1</Region>' },
      {},
      'The bucket is in eu-west-1: set AWS_REGION',
    ],
    [
      'a bucket of another account',
      { status: 403, code: 'AccessDenied', message: 'Access Denied' },
      { bucketOwner: account },
      `Or the bucket is not of account ${account}, which S3_BUCKET_OWNER names.`,
    ],
    [
      'a token that has expired',
      { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' },
      {},
      "This worker's credentials have expired",
    ],
    ['an unknown access key', { status: 403, code: 'InvalidAccessKeyId' }, {}, 'Nobody has this access key'],
    [
      'a clock that is wrong',
      { status: 403, code: 'RequestTimeTooSkewed' },
      {},
      "This machine's clock is wrong",
    ],
    [
      'a KMS key that is disabled',
      { status: 400, code: 'KMS.DisabledException', message: `${key} is disabled.` },
      { kmsKeyId: key },
      `Key ${key} cannot be used`,
    ],
    [
      'a KMS key that may not be used',
      {
        status: 403,
        code: 'AccessDenied',
        message: `User: arn:aws:sts::${account}:assumed-role/worker/1 is not authorized to perform: kms:GenerateDataKey on resource: ${key} because no identity-based policy allows the kms:GenerateDataKey action`,
      },
      { kmsKeyId: key },
      `It needs kms:GenerateDataKey on ${key}`,
    ],
    [
      'a role without a permission, saying so',
      {
        status: 403,
        code: 'AccessDenied',
        message: `User: arn:aws:sts::${account}:assumed-role/worker/1 is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::raw-bucket/a/part" because no identity-based policy allows the s3:PutObject action`,
      },
      {},
      'It needs s3:PutObject on arn:aws:s3:::raw-bucket/a/part',
    ],
    ['a bucket that its owner closed', { status: 403, code: 'AllAccessDisabled' }, {}, 'closed to everybody'],
  ];

  it.each(refusals)(
    '%s: told with what to do, after one request, and nothing is left',
    async (_what, said, own, next) => {
      const bucket = createS3Bucket(`${bucketName}/a`, { ...settings, ...own });
      for (const write of [() => bucket.put('manifest.json', '{}'), () => bucket.putFile('part', file)]) {
        proxy.reset();
        proxy.arm(/./, { kind: 'refuse', ...said }, Number.POSITIVE_INFINITY);
        const refused = write();
        await expect(refused).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
        await expect(refused).rejects.toThrow(
          /Cannot write .* in s3:\/\/raw-bucket\/a \(us-east-1, http:.*\): /,
        );
        await expect(refused).rejects.toThrow(next);
        expect(proxy.requests).toHaveLength(1);
      }
      expect(await server.unfinished()).toEqual([]);
    },
  );

  it.each(refusals)(
    '%s: told of a download as well, whose first answer has no words',
    async (_what, said, own, next) => {
      const bucket = createS3Bucket(`${bucketName}/a`, { ...settings, ...own });
      proxy.arm(/./, { kind: 'refuse', ...said }, Number.POSITIVE_INFINITY);
      const refused = bucket.localFile('part', scratch);
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
      await expect(refused).rejects.toThrow(next);
      expect(proxy.requests).toHaveLength(2);
    },
  );

  it('says with every request whose the bucket has to be, and with every object how it is encrypted', async () => {
    const bucket = createS3Bucket(`${bucketName}/a`, { ...settings, bucketOwner: account, kmsKeyId: key });
    await everyRequest(bucket, file, scratch);
    for (const { line, headers } of proxy.requests) {
      expect([line, headers['x-amz-expected-bucket-owner']]).toEqual([line, account]);
      if (!/^PUT (?!.*partNumber)|[?&]uploads/.test(line)) continue;
      expect([line, headers['x-amz-server-side-encryption']]).toEqual([line, 'aws:kms']);
      expect(headers['x-amz-server-side-encryption-aws-kms-key-id']).toBe(key);
    }
    expect(new Set(proxy.requests.map(({ line }) => line.split(' ')[0]))).toEqual(
      new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']),
    );
  });

  it('checks what a policy does not allow, and is told which action on what', async () => {
    const allowed = { Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*' };
    Object.assign(process.env, await createMotoUser(server.server.endpoint, 'reader', [allowed]));
    await server.server.checkPermissions(true);
    try {
      const bucket = createS3Bucket(`${bucketName}/a`, server.settings());
      expect(await bucket.get('nothing')).toBeUndefined();
      await expect(bucket.put('x', 'x')).rejects.toThrow(
        'It needs s3:PutObject on arn:aws:s3:::raw-bucket/a/*: allow that',
      );
      await expect(bucket.putFile('part', file)).rejects.toThrow('s3:PutObject');
      await expect(bucket.delete('x')).rejects.toThrow(/s3:DeleteObject on arn:aws:s3:::raw-bucket\/a\/\*/);
      const probe = bucket.probe();
      await expect(probe).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
      await expect(probe).rejects.toThrow(/^s3:\/\/raw-bucket\/a cannot be written: /);
    } finally {
      await server.server.checkPermissions(false);
    }
    expect(await server.unfinished()).toEqual([]);
  });
});

describe('SeaweedFS refuses', () => {
  const reader = {
    ...{ name: 'reader', accessKeyId: 'reader', secretAccessKey: 'reader-secret' },
    actions: [`Read:${bucketName}`, `List:${bucketName}`],
  };
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestSeaweedFs([reader]);
  }, 300_000);
  afterAll(() => server.stop());
  const as = (accessKeyId: string, secretAccessKey: string) => {
    Object.assign(process.env, server.server.environment);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    return server.open();
  };

  it('one who may only read, naming the missing action', async () => {
    const bucket = as(reader.accessKeyId, reader.secretAccessKey);
    expect(await bucket.get('nothing')).toBeUndefined();
    await expect(bucket.put('x', 'x')).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
    await expect(bucket.put('x', 'x')).rejects.toThrow(
      'It needs s3:PutObject on arn:aws:s3:::raw-bucket/test-',
    );
  });

  it('a secret that does not fit, and a key that nobody has', async () => {
    await expect(as('reader', 'wrong').put('x', 'x')).rejects.toThrow(
      'The secret does not fit the access key',
    );
    await expect(as('nobody', 'wrong').put('x', 'x')).rejects.toThrow('Nobody has this access key');
  });

  it('a bucket that is not there, in each of its uses', async () => {
    Object.assign(process.env, server.server.environment);
    const bucket = openBucket('s3://no-such-bucket', server.settings());
    for (const use of [
      () => bucket.put('x', 'x'),
      () => bucket.putIf('x', 'x', null),
      () => bucket.get('x'),
      () => bucket.localFile('x', tmpdir()),
      () => bucket.probe(),
    ]) {
      const refused = use();
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
      await expect(refused).rejects.toThrow(/s3:\/\/no-such-bucket.*There is no such bucket/);
    }
  });
});

describe('a worker that is not set up', () => {
  it('is told that it has no region', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
    process.env.AWS_CONFIG_FILE = '/dev/null';
    await expect(createS3Bucket(bucketName, {}).get('x')).rejects.toMatchObject({
      code: 'STORAGE_ACCESS',
      message: expect.stringContaining('Set AWS_REGION.'),
    });
  });

  it('is told that it has no credentials', async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    Object.assign(process.env, {
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    });
    await expect(createS3Bucket(bucketName, {}).get('x')).rejects.toMatchObject({
      code: 'STORAGE_ACCESS',
      message: expect.stringContaining('There are no credentials'),
    });
  });

  it('is told where nobody answers, as what may pass', async () => {
    Object.assign(process.env, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    });
    const bucket = createS3Bucket(bucketName, { endpoint: 'http://127.0.0.1:9', pathStyle: true });
    const refused = bucket.get('x');
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_IO' });
    await expect(refused).rejects.toThrow(
      'Cannot read x in s3://raw-bucket (us-east-1, http://127.0.0.1:9): ',
    );
  });
});

/** One of each request that the product sends. */
async function everyRequest(bucket: Bucket, file: string, scratch: string): Promise<void> {
  await bucket.probe();
  await bucket.putFile('part', file);
  await bucket.putFile('aborted', file, AbortSignal.timeout(1)).catch(() => undefined);
  await bucket.localFile('part', scratch);
  await bucket.putIf('manifest.json', '{}', null);
  const version = (await bucket.get('manifest.json'))?.version ?? '';
  await bucket.putIf('manifest.json', '{ }', version);
  for await (const { key: found } of bucket.list('')) await bucket.delete(found);
  await bucket.deleteIf('manifest.json', version);
}
