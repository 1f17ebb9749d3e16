import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { openBucket } from '../../../engine/storage/open-bucket.js';
import { createS3Bucket } from '../../../engine/storage/s3-bucket.js';
import type { AwsServer } from '../../../sandbox/services/aws-server.js';
import { startMoto } from '../../../sandbox/services/moto.js';
import { describeBucket } from './bucket-contract.js';

let server: AwsServer;
let directory: string;
const saved = { ...process.env };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3-bucket-'));
  server = await startMoto({ directory });
  Object.assign(process.env, server.environment);
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'raw-bucket' }));
  client.destroy();
}, 300_000);
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
  process.env = saved;
});

describeBucket('s3://', async () => openBucket(`s3://raw-bucket/test-${randomUUID()}`));

describe('bucket that cannot be used', () => {
  it('is named by its probe', async () => {
    const probe = openBucket('s3://no-such-bucket').probe();
    await expect(probe).rejects.toMatchObject({ code: 'STORAGE_ACCESS' });
    await expect(probe).rejects.toThrow('s3://no-such-bucket');
  });

  it('is told from a server that does not answer', async () => {
    const bucket = createS3Bucket({ location: 'raw-bucket', endpoint: 'http://127.0.0.1:9' });
    await expect(bucket.get('key')).rejects.toMatchObject({ code: 'STORAGE_IO' });
  });
});
