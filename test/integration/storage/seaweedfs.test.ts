import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createS3Bucket } from '../../../engine/storage/s3-bucket.js';
import { startSeaweedFs } from '../../../sandbox/services/seaweedfs.js';

const saved = { ...process.env };
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'seaweedfs-'));
});
afterAll(async () => {
  process.env = saved;
  await rm(directory, { recursive: true });
});

it('has all that was put when it is started again after it was killed', async () => {
  const owner = { accessKeyId: 'owner', secretAccessKey: 'owner-secret' };
  const start = async () => {
    const server = await startSeaweedFs({ directory, owner, buckets: ['raw'] });
    Object.assign(process.env, server.environment);
    return { server, bucket: createS3Bucket('raw', { endpoint: server.endpoint, pathStyle: true }) };
  };
  const first = await start();
  await first.bucket.put('small', 'small');
  await first.bucket.put('large', 'x'.repeat(3_000_000));
  process.kill(first.server.pid, 'SIGKILL');
  const second = await start();
  try {
    expect((await second.bucket.get('small'))?.body).toBe('small');
    expect((await second.bucket.get('large'))?.body).toHaveLength(3_000_000);
  } finally {
    await second.server.stop();
  }
}, 120_000);
