import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { openBucket } from '../../../engine/storage/open-bucket.js';
import { createS3Bucket } from '../../../engine/storage/s3-bucket.js';
import { describeBucket } from './bucket-contract.js';
import { type S3Server, startS3Server } from './s3-server.js';

let server: S3Server;
const saved = { ...process.env };

beforeAll(async () => {
  server = await startS3Server();
  process.env.AWS_ENDPOINT_URL_S3 = server.endpoint;
  process.env.AWS_REGION = 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'raw-bucket' }));
  client.destroy();
}, 300_000);
afterAll(async () => {
  await server.stop();
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
